"""Loudness of tones whose level is known."""

import numpy as np
import pytest

from asr_core.audio.loudness import STEPS, loudness


def test_a_tone_has_its_level_and_silence_none():
    time = np.arange(8000) / 16_000
    tone = (0.1 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    found = loudness(np.concatenate([np.zeros(1600, np.float32), tone]))
    assert len(found) == round(0.6 * STEPS)
    assert found[:20] == pytest.approx(-100)
    assert found[25:] == pytest.approx(-23.0, abs=0.6)


def test_less_than_a_step_has_no_loudness():
    assert len(loudness(np.zeros(79, np.float32))) == 0
