"""Any sample rate to another, block by block, sample for sample as if it were done at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from asr_core import limits
from asr_core.audio.blocks import regroup

BLOCK = 5.0  # seconds
CONTEXT = 0.05  # seconds on either side; the filter reaches less far


def prepare() -> None:
    """Import the resampler now, all of it: two seconds, more when numba must fill its cache.

    That cache, of compiled code, is the last a process writes that is not to write files.
    """
    with limits.last_files():
        from librosa import resample as whole

        whole(np.zeros(2, np.float32), orig_sr=2, target_sr=1)  # what it needs comes on first use


def resample(
    blocks: Iterable[NDArray[np.float32]], rate: int, target_rate: int, block: float = BLOCK
) -> Iterator[NDArray[np.float32]]:
    """The same sound at `target_rate`, in blocks of about `block` seconds.

    Blocks begin where both rates have a sample, and are filtered with a margin of their
    neighbours on either side that is cut off again. (Measured against one call for the whole:
    at most 6e-6 apart, for a prime rate.)

    Args:
        blocks: (N,) of any lengths.
    """
    period = rate // math.gcd(rate, target_rate)  # input samples between common instants
    if rate == target_rate:
        yield from regroup(blocks, round(block * rate))
        return
    from librosa import resample as whole  # slow to import, and not needed at 16 kHz

    def converted(piece: NDArray, skip: int, n_samples: int) -> NDArray[np.float32]:
        """`n_samples` of `piece` behind the first `skip`, at the other rate."""
        sound = whole(piece, orig_sr=rate, target_sr=target_rate, res_type="soxr_hq")
        start = skip * target_rate // rate
        return sound[start : start + math.ceil(n_samples * target_rate / rate)]

    context = period * math.ceil(CONTEXT * rate / period)
    size = period * math.ceil(block * rate / period)
    past = np.zeros(0, np.float32)
    present: NDArray | None = None
    for following in regroup(blocks, size):
        if present is not None:
            piece = np.concatenate([past, present, following[:context]])
            yield converted(piece, len(past), len(present))
            past = present[-context:]
        present = following
    if present is not None:
        yield converted(np.concatenate([past, present]), len(past), len(present))
