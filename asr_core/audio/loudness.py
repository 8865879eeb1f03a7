"""How loud it is from moment to moment."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE

STEPS = 200  # values a second
_HOP = SAMPLE_RATE // STEPS
_SILENT = 1e-10  # power, -100 dB


def loudness(waveform: NDArray[Any]) -> NDArray[np.float64]:
    """(N,) waveform at 16 kHz -> (N / 80,) dB of full scale, each over 10 ms."""
    n = len(waveform) // _HOP
    if not n:
        return np.zeros(0)
    power = np.square(waveform[: n * _HOP].reshape(n, _HOP), dtype=np.float64).mean(axis=1)
    before = np.concatenate([power[:1], power[:-1]])
    return 10 * np.log10((power + before) / 2 + _SILENT)
