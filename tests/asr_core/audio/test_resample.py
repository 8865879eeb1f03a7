"""Resampling in blocks equals resampling at once."""

import librosa
import numpy as np
import pytest

from asr_core.audio.resample import resample


@pytest.mark.parametrize("rate", [4000, 8000, 11_025, 15_991, 22_050, 44_100, 48_000, 192_000])
def test_blocks_equal_one_call_of_librosa(rate):
    noise = 0.3 * np.random.default_rng(0).standard_normal(11 * rate + 7).astype(np.float32)
    pieces = np.array_split(noise, 23)
    found = np.concatenate(list(resample(pieces, rate, 16_000)))
    expected = librosa.resample(noise, orig_sr=rate, target_sr=16_000)
    assert abs(len(found) - len(expected)) <= 1
    n = min(len(found), len(expected))
    np.testing.assert_allclose(found[:n], expected[:n], atol=1e-5)


def test_short_blocks_say_the_same_and_come_soon():
    noise = 0.3 * np.random.default_rng(0).standard_normal(3 * 44_100).astype(np.float32)
    found = list(resample([noise], 44_100, 16_000, 0.25))
    assert max(map(len, found)) <= 4160
    whole = np.concatenate(list(resample([noise], 44_100, 16_000)))
    np.testing.assert_allclose(np.concatenate(found), whole, atol=1e-5)


@pytest.mark.parametrize("n_samples", [0, 1, 2, 441, 5 * 44_100, 5 * 44_100 + 1, 500_000])
def test_the_length_is_right_to_the_sample(n_samples):
    found = list(resample([np.zeros(n_samples, np.float32)], 44_100, 16_000))
    assert sum(map(len, found)) == -(-n_samples * 160 // 441)


def test_the_same_rate_is_not_touched():
    samples = np.random.default_rng(0).standard_normal(200_000).astype(np.float32)
    found = list(resample([samples], 16_000, 16_000))
    np.testing.assert_array_equal(np.concatenate(found), samples)
    assert max(map(len, found)) <= 80_000
