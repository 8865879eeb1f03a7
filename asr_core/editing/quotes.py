"""Sentences a person wants to quote, each ticked once it was heard and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Quote:
    """Words somebody said, to be quoted."""

    text: str
    start: float  # seconds
    end: float  # seconds
    speaker: str = ""
    checked: bool = False  # a person listened and found it right


def added(quotes: Sequence[Quote], quote: Quote) -> tuple[Quote, ...]:
    """`quotes` with `quote`, in the order of the recording; none stands there twice."""
    if any(_same(quote, other) for other in quotes):
        return tuple(quotes)
    return tuple(sorted([*quotes, quote], key=lambda other: (other.start, other.end)))


def ticked(quotes: Sequence[Quote], quote: Quote, checked: bool) -> tuple[Quote, ...]:
    """`quotes` where `quote` was heard and checked, or is yet to be."""
    return tuple(
        replace(other, checked=checked) if _same(quote, other) else other for other in quotes
    )


def without(quotes: Sequence[Quote], quote: Quote) -> tuple[Quote, ...]:
    """`quotes` but for `quote`."""
    return tuple(other for other in quotes if not _same(quote, other))


def checked(quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    """Those that were heard and checked."""
    return tuple(quote for quote in quotes if quote.checked)


def _same(one: Quote, other: Quote) -> bool:
    return replace(one, checked=other.checked) == other
