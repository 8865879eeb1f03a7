"""Plain text: paragraphs, broken where the speaker paused."""

from __future__ import annotations

from asr_core.export.typography import SENTENCE_ENDS, is_wide
from asr_core.result import Segment, Transcript

PAUSE = 2.0  # seconds of silence that begin a new paragraph
LONG = 600  # characters after which the end of a sentence begins one too


class TextStream:
    """Writes paragraphs as segments come; the pieces joined are the whole text."""

    def __init__(self) -> None:
        self._last: Segment | None = None
        self._length = 0  # characters in this paragraph

    def add(self, segment: Segment) -> str:
        """What `segment` adds to the text."""
        text = " ".join(segment.text.split())
        if not text:
            return ""
        separator = self._separator(segment, text)
        self._length = len(text) + (0 if "\n" in separator else self._length)
        self._last = segment
        return separator + text

    def end(self, transcript: Transcript) -> str:
        """What closes the text."""
        return "\n" if self._last else ""

    def _separator(self, segment: Segment, text: str) -> str:
        if self._last is None:
            return ""
        before = self._last.text.rstrip()
        is_long = self._length > LONG and before.endswith(SENTENCE_ENDS)
        if is_long or segment.start - self._last.end >= PAUSE:
            return "\n\n"
        return _space(before[-1], text[0])


def _space(before: str, after: str) -> str:
    """A space, but not between Chinese characters nor beside full-width punctuation."""
    if is_wide(before) and is_wide(after):
        return ""
    beside = [c for c in (before, after) if is_wide(c) and not c.isalnum()]
    return "" if beside else " "
