"""Pieces of sound, and cutting a stream of them to one size without holding more than a piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some decoded sound; rate and channels may differ from one chunk to the next."""

    samples: NDArray[np.float32]  # (N, C)
    sample_rate: int


def regroup(blocks: Iterable[NDArray], size: int) -> Iterator[NDArray]:
    """The same samples in blocks of `size` rows; only the last may be shorter.

    Args:
        blocks: (N, ...) arrays of any lengths, empty ones too.
    """
    held: list[NDArray] = []
    n_held = 0
    for block in blocks:
        held.append(block)
        n_held += len(block)
        if n_held < size:
            continue
        joined = held[0] if len(held) == 1 else np.concatenate(held)
        n_whole = n_held - n_held % size
        for start in range(0, n_whole, size):
            yield joined[start : start + size]
        held, n_held = [joined[n_whole:]], n_held - n_whole
    if n_held:
        yield np.concatenate(held)
