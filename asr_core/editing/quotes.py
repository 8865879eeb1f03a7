"""Sentences a person wants to quote, each ticked once it was heard and checked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quote:
    """Words somebody said, to be quoted."""

    text: str
    start: float  # seconds
    end: float  # seconds
    speaker: str = ""
    checked: bool = False  # a person listened and found it right
