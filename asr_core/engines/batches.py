"""Windows together, as many as is good for the first text and for speed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, repeat

from asr_core.audio.segment import Window

_FIRST = (1.0, 60.0)  # seconds that are enough for the first batches of windows,
_LATER = 180.0  # and for all after them


def growing_batches(windows: Iterable[Window]) -> Iterator[list[Window]]:
    """The first window alone, then ever more together: the first text soon, the rest quickly.

    An open window says that all before it is wanted now, and is a batch of its own.
    """
    batch: list[Window] = []
    seconds, enough = 0.0, chain(_FIRST, repeat(_LATER))
    wanted = next(enough)
    for window in windows:
        if window.is_open:
            if batch:
                yield batch
                batch, seconds = [], 0.0
            if window.spans:
                yield [window]
            continue
        batch.append(window)
        seconds += window.duration
        if seconds >= wanted:
            yield batch
            batch, seconds, wanted = [], 0.0, next(enough)
    if batch:
        yield batch
