"""How a transcript becomes paragraphs: where they break, and what stands before them."""

from __future__ import annotations

from dataclasses import dataclass

from asr_core.export.sentences import ends_sentence, own_lines, sentences
from asr_core.export.typography import is_wide, space_between
from asr_core.pace import clock
from asr_core.result import Segment
from asr_core.settings import Breaks

PAUSE = 2.0  # seconds of silence that begin a new paragraph
LONG = 600  # characters after which the end of a sentence begins one too


@dataclass(frozen=True, slots=True)
class Layout:
    """What a person may choose about text that is copied or saved as TXT, Markdown or DOCX."""

    breaks: Breaks = "pauses"
    times: bool = False
    speakers: bool = True  # where a person named them


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that begins a paragraph, or goes on in it."""

    text: str
    language: str  # ISO 639-1 code
    begins: bool
    space: str  # between it and the text before, if it goes on: "", " " or a line break
    time: str  # "[0:07] " where a paragraph begins and times are wanted, else ""
    speaker: str  # "Ann: " likewise


class Flow:
    """Lays out one segment after the other.

    A paragraph without a speaker's name has no known speaker: the name stands before every
    paragraph of theirs, so that none is read as somebody else's.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._last: Segment | None = None
        self._before = ""  # the text just before
        self._length = 0  # characters in this paragraph

    def add(self, segment: Segment) -> list[Piece]:
        """The pieces of `segment`."""
        by_sentence = self._layout.breaks == "sentences"
        pieces = []
        for start, text in self._parts(segment):
            begins = by_sentence if pieces else self._begins_with(segment)
            space = "\n" if pieces else space_between((self._before or " ")[-1], text[0])
            time = f"[{clock(start)}] " if begins and self._layout.times else ""
            speaker = _speaker(segment, text) if begins and self._layout.speakers else ""
            pieces.append(Piece(text, segment.language, begins, space, time, speaker))
            self._length = len(text) + (0 if begins else self._length)
            self._before = text
        if pieces:
            self._last = segment
        return pieces

    def _parts(self, segment: Segment) -> list[tuple[float, str]]:
        if self._layout.breaks == "sentences":
            return [(part.start, part.text) for part in sentences(segment) if part.text]
        return [(segment.start, line) for line in own_lines(segment.text)]

    def _begins_with(self, segment: Segment) -> bool:
        """Whether the first piece of `segment` begins a paragraph."""
        if self._last is None:
            return True
        if self._layout.speakers and segment.speaker != self._last.speaker:
            return True
        if self._layout.breaks == "one":
            return False
        if segment.start - self._last.end >= PAUSE:
            return True
        is_long = self._layout.breaks == "sentences" or self._length > LONG
        return is_long and ends_sentence(self._before)


def _speaker(segment: Segment, text: str) -> str:
    name = " ".join(segment.speaker.split())
    if not name:
        return ""
    return f"{name}：" if is_wide(text[0]) else f"{name}: "
