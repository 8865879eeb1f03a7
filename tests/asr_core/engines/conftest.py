"""What tests of several engines share: the bundled one, loaded once, and a window."""

import numpy as np
import pytest

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.segment import Window
from asr_core.engines import load_engine
from asr_core.settings import Settings


@pytest.fixture(scope="session")
def engine():
    return load_engine(Settings(precision="float32", device="cpu"))


@pytest.fixture(scope="module")
def window():
    """Three seconds of noise, one of silence, two of noise; 10 s into a recording."""
    noise = 0.1 * np.random.default_rng(0).standard_normal(6 * SAMPLE_RATE)
    noise[3 * SAMPLE_RATE : 4 * SAMPLE_RATE] = 0
    return Window(10.0, noise.astype(np.float32), ((10.0, 13.0), (14.0, 16.0)))
