"""A job, or what has come of it so far, in the forms that clients ask for."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from asr_core.export import MIME_TYPES, render, stream
from asr_core.jobs import Job
from asr_core.result import Segment, Transcript
from asr_core.settings import Tidy
from asr_core.text.tidy import tidied, tidied_segment

FORMATS = ("json", "text", "verbose_json", "srt", "vtt")


def answer(transcript: Transcript, format: str, tidy: Tidy) -> Response:
    """The whole transcript in one of `FORMATS`."""
    said = tidied(transcript, tidy)
    text = render(said, "txt").strip()
    if format in ("srt", "vtt"):
        return PlainTextResponse(render(said, format), media_type=MIME_TYPES[format])
    if format == "text":
        return PlainTextResponse(text + "\n")
    if format == "verbose_json":
        return JSONResponse(_verbose(said, text))
    return JSONResponse({"text": text, "usage": _usage(transcript)})


class Deltas:
    """The events of a job that is streamed, as OpenAI has them."""

    def __init__(self, tidy: Tidy) -> None:
        self._tidy = tidy
        self._text = stream("txt")
        self._segments: list[Segment] = []
        self._said = ""

    def news(self, job: Job) -> Iterator[str]:
        """What has been recognized since it was asked last."""
        for segment in job.segments[len(self._segments) :]:
            before = self._segments[-1] if self._segments else None
            self._segments.append(segment)
            delta = self._text.add(tidied_segment(segment, self._tidy, before))
            if not self._said:
                delta = delta.lstrip()
            if delta:
                self._said += delta
                yield event({"type": "transcript.text.delta", "delta": delta})

    def end(self, transcript: Transcript) -> str:
        """The last one, with all that was said."""
        usage = _usage(transcript)
        return event({"type": "transcript.text.done", "text": self._said.rstrip(), "usage": usage})


def event(value: dict[str, Any]) -> str:
    """One event of a stream."""
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _usage(transcript: Transcript) -> dict[str, Any]:
    return {"type": "duration", "seconds": math.ceil(transcript.duration)}


def _verbose(said: Transcript, text: str) -> dict[str, Any]:
    """With times; fields of other models that ours has no figures for are left out."""
    return {
        "task": "transcribe",
        "language": said.language.label,
        "duration": said.duration,
        "text": text,
        "segments": [
            {
                "id": i,
                "start": segment.start,
                "end": segment.end,
                "text": segment.text,
                "avg_logprob": math.log(max(segment.confidence, 1e-6)),
            }
            for i, segment in enumerate(said.segments)
        ],
        "words": [
            {"word": word.text, "start": word.start, "end": word.end}
            for segment in said.segments
            for word in segment.words
        ],
    }
