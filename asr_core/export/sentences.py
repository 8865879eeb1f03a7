"""A segment's text in its smallest parts that have times: words, and the sentences they make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from asr_core.export.typography import width
from asr_core.result import Segment
from asr_core.text.timing import shared_time

# Languages written without spaces: each of their characters is a word of its own.
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"\s*(?:[{_UNSPACED}][^\w\s]*|[^\s{_UNSPACED}]+)")

_END = re.compile(r"[.!?。！？…][\"'”’」』）)\]]*$")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-HJ-Z]|Mr|Mrs|Ms|Dr|Prof|St|vs|(?:[A-Za-z]\.)+[A-Za-z])\.$"
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A part of a text and when it is said."""

    text: str
    start: float  # seconds
    end: float  # seconds


def own_lines(text: str) -> list[str]:
    """The lines that `text` was written in, spaces tidied, none empty."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [line for line in lines if line]


def ends_sentence(text: str) -> bool:
    """Whether a sentence ends with `text`; "Dr." and "J." end none."""
    return bool(_END.search(text)) and not _ABBREVIATION.search(text)


def words(segment: Segment) -> list[Spoken]:
    """The words of `segment`, each with the space before it; joined, they are its lines."""
    text = "\n".join(own_lines(segment.text))
    found, done = [], 0
    for word in segment.words:
        place = text.find(word.text, done)
        if not word.text or place < 0:
            return _timed_by_width(text, segment)
        done, begin = place + len(word.text), done
        found.append(Spoken(text[begin:done], word.start, word.end))
    if not found:
        return _timed_by_width(text, segment)
    last = found.pop()
    return [*found, Spoken(last.text + text[done:], last.start, last.end)]


def sentences(segment: Segment) -> list[Spoken]:
    """The sentences of `segment`; the last may go on in the next. A line's end ends one, too."""
    found: list[list[Spoken]] = []
    for word in words(segment):
        begins = not found or "\n" in word.text or ends_sentence(_joined(found[-1]))
        if begins:
            found.append([])
        found[-1].append(word)
    return [Spoken(_joined(group), group[0].start, group[-1].end) for group in found]


def spread(texts: Sequence[str], start: float, end: float) -> list[Spoken]:
    """Parts whose times nobody knows share the time from `start` to `end`, each by its width."""
    times = shared_time([*map(width, texts)], start, end)
    return [Spoken(text, *time) for text, time in zip(texts, times, strict=True)]


def _timed_by_width(text: str, segment: Segment) -> list[Spoken]:
    return spread(_WORD.findall(text), segment.start, segment.end)


def _joined(group: list[Spoken]) -> str:
    return "".join(word.text for word in group).strip()
