"""What layout needs to know of characters: their width, and what stands between two of them."""

from __future__ import annotations

import unicodedata

LINE = 42.0  # columns of one line of a subtitle
WIDE = (
    LINE / 16
)  # columns of a wide character: 16 of them fill a line, and mixed text in proportion

SENTENCE_ENDS = tuple(".!?。！？…")


def is_wide(character: str) -> bool:
    """True for Chinese characters, kana, Hangul and full-width punctuation."""
    return unicodedata.east_asian_width(character) in "WF"


def width(text: str) -> float:
    """Columns of `text`."""
    return sum(WIDE if is_wide(character) else 1.0 for character in text)


def space_between(before: str, after: str) -> str:
    """What joins two characters: nothing where one is full-width punctuation or both are wide."""
    if is_wide(before) and is_wide(after):
        return ""
    beside = [c for c in (before, after) if is_wide(c) and not c.isalnum()]
    return "" if beside else " "
