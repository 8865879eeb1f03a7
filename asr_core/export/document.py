"""The transcript as a JSON document.

Version 1; times are seconds as floats from the start of the recording, confidences and shares 0..1:

    {
      "version": 1,
      "file": "talk.m4a",                     name without folders
      "duration": 71.42,                      seconds heard
      "language": {"zh": 0.8, "en": 0.2, "other": 0.0,
                   "label": "mixed"},         shares of the text; label zh, en, mixed, other or none
      "text": "...",                          all text, one line a segment
      "segments": [
        {
          "start": 0.31, "end": 4.9,
          "language": "zh",                   ISO 639-1 code it was decoded in
          "text": "...",
          "confidence": 0.93,
          "words": [                          in Chinese text one character each; may be empty
            {"text": "...", "start": 0.31, "end": 0.52, "confidence": 0.97,
             "alternatives": ["..."]}         what else it may have been, likeliest first
          ],
          "speaker": "...",                   as a person named them; "" where nobody did
          "edited": false,                    true where a person wrote the text
          "redone": false                     true where the second model read it
        }
      ],
      "engine": "sottovoce-base",
      "decode": "joint",                      ctc, attention, rescore, joint, draft or greedy
      "stats": {},                            measurements of the run; keys may come and go
      "notes": []                             sentences: "The file ends early, at 3:12."
    }

Segments and words are in time order. A reader should ignore keys it does not know; the
version rises when a key changes its meaning or goes away.
"""

from __future__ import annotations

import json
from typing import Any

from asr_core.result import Segment, Transcript

VERSION = 1


class JsonStream:
    """Writes the document when the transcript is complete."""

    def add(self, segment: Segment) -> str:
        """Nothing yet: the document's first lines need the whole transcript."""
        return ""

    def end(self, transcript: Transcript) -> str:
        """The whole document."""
        return json.dumps(document(transcript), ensure_ascii=False, indent=2, default=str) + "\n"


def document(transcript: Transcript) -> dict[str, Any]:
    """The transcript as plain dicts, lists, strings and numbers, as the module's head shows."""
    language = transcript.language
    return {
        "version": VERSION,
        "file": transcript.name,
        "duration": _rounded(transcript.duration),
        "language": {
            "zh": _rounded(language.zh),
            "en": _rounded(language.en),
            "other": _rounded(language.other),
            "label": language.label,
        },
        "text": transcript.text,
        "segments": [_segment(segment) for segment in transcript.segments],
        "engine": transcript.engine,
        "decode": transcript.decode,
        "stats": transcript.stats,
        "notes": list(transcript.notes),
    }


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "start": _rounded(segment.start),
        "end": _rounded(segment.end),
        "language": segment.language,
        "text": segment.text,
        "confidence": _rounded(segment.confidence),
        "words": [
            {
                "text": word.text,
                "start": _rounded(word.start),
                "end": _rounded(word.end),
                "confidence": _rounded(word.confidence),
                "alternatives": list(word.alternatives),
            }
            for word in segment.words
        ],
        "speaker": segment.speaker,
        "edited": segment.edited,
        "redone": segment.redone,
    }


def _rounded(number: float) -> float:
    return round(float(number), 3)
