"""Windows together, as many as is good for the first text and for speed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asr_core.audio.segment import Window

_SECOND, _MOST = 20.0, 120.0  # seconds of the second batch of windows, and of the largest


def growing_batches(windows: Iterable[Window]) -> Iterator[list[Window]]:
    """The first window alone, then ever more together: the first text soon, the rest quickly.

    An open window says that all before it is wanted now, and is a batch of its own.
    """
    batch: list[Window] = []
    seconds, wanted = 0.0, 1.0
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
            batch, seconds, wanted = [], 0.0, min(max(_SECOND, 2 * wanted), _MOST)
    if batch:
        yield batch
