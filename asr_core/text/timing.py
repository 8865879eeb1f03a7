"""The time of a stretch of speech, shared among parts whose own times nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise


def shared_time(sizes: Sequence[float], start: float, end: float) -> list[tuple[float, float]]:
    """(start, end) of each part, one after the other, as long as its share of all sizes."""
    total = sum(sizes)
    if not total:
        return [(start, start)] * len(sizes)
    inner = [start + (end - start) * n / total for n in accumulate(sizes[:-1])]
    return list(pairwise([start, *inner, end]))  # the last one ends there, and not nearly there
