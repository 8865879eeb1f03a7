"""A transcript as text, subtitles or JSON."""

from __future__ import annotations

from typing import Protocol

from asr_core.export.document import JsonStream
from asr_core.export.names import suggested_name
from asr_core.export.subtitles import SrtStream, VttStream
from asr_core.export.text import TextStream
from asr_core.result import Segment, Transcript

__all__ = ["FORMATS", "MIME_TYPES", "Stream", "render", "stream", "suggested_name"]


class Stream(Protocol):
    """Writes a format as segments come; the pieces joined are the whole file."""

    def add(self, segment: Segment) -> str:
        """What `segment` adds."""
        ...

    def end(self, transcript: Transcript) -> str:
        """What closes the file."""
        ...


_STREAMS: dict[str, type[Stream]] = {
    "txt": TextStream,
    "srt": SrtStream,
    "vtt": VttStream,
    "json": JsonStream,
}

FORMATS = tuple(_STREAMS)

MIME_TYPES = {
    "txt": "text/plain",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "json": "application/json",
}


def stream(format: str) -> Stream:
    """A new stream that writes `format`, one of `FORMATS`."""
    if format not in _STREAMS:
        raise ValueError(f"there is no format {format!r}")
    return _STREAMS[format]()


def render(transcript: Transcript, format: str) -> str:
    """The whole transcript in `format`, one of `FORMATS`."""
    out = stream(format)
    pieces = [out.add(segment) for segment in transcript.segments]
    return "".join(pieces) + out.end(transcript)
