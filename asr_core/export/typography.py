"""What layout needs to know of characters: their width, and where sentences end."""

from __future__ import annotations

import unicodedata

SENTENCE_ENDS = tuple(".!?。！？…")


def is_wide(character: str) -> bool:
    """True for Chinese characters, kana, Hangul and full-width punctuation."""
    return unicodedata.east_asian_width(character) in "WF"


def width(text: str) -> float:
    """Columns of `text`, where 20 wide characters fill a line of 42 columns."""
    return sum(2.1 if is_wide(character) else 1.0 for character in text)
