"""Sound as other rooms, microphones and lines would have it; SpecAugment on its features."""

from __future__ import annotations

import librosa
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from asr_core.audio import SAMPLE_RATE

Waveform = NDArray[np.float32]

_LOUDEST = 0.97
_MU = 255.0  # G.711


def augmented(waveform: Waveform, rng: Generator, strength: float = 1.0) -> Waveform:
    """A waveform with what chance adds to it.

    Args:
        waveform: (N,) float32.
        strength: of the chance that each of speed, room, noise and line is changed; 0: none.
    """
    if rng.random() < 0.5 * strength:
        waveform = at_speed(waveform, rng.uniform(0.9, 1.12))
    if rng.random() < 0.25 * strength:
        waveform = in_room(waveform, rng)
    if rng.random() < 0.35 * strength:
        waveform = with_noise(waveform, rng, snr_db=rng.uniform(5.0, 30.0))
    if rng.random() < 0.12 * strength:
        waveform = over_telephone(waveform)
    return with_gain(waveform, rng.uniform(-14.0, 4.0) * strength)


def at_speed(waveform: Waveform, factor: float) -> Waveform:
    """Faster (above 1) or slower, the pitch with it.

    Source: Ko et al. 2015, Audio Augmentation for Speech Recognition, section 2.
    """
    return _resampled(waveform, SAMPLE_RATE * factor, SAMPLE_RATE)


def in_room(waveform: Waveform, rng: Generator) -> Waveform:
    """The same with early echoes and a reverberant tail of 0.1 to 0.6 s."""
    decay = rng.uniform(0.1, 0.6)  # seconds until the tail is 60 dB down
    n = round(decay * SAMPLE_RATE)
    tail = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
    tail[: round(rng.uniform(0.001, 0.01) * SAMPLE_RATE)] = 0.0
    tail *= rng.uniform(0.1, 0.7) / max(1e-9, float(np.sqrt(np.square(tail).sum())))
    tail[0] = 1.0
    size = 1 << (len(waveform) + n - 2).bit_length()
    heard = np.fft.irfft(np.fft.rfft(waveform, size) * np.fft.rfft(tail, size), size)
    return heard[: len(waveform)].astype(np.float32)


def with_noise(waveform: Waveform, rng: Generator, snr_db: float) -> Waveform:
    """The same with noise whose power falls with frequency, as that of rooms and streets does."""
    n = len(waveform)
    spectrum = rng.standard_normal(n // 2 + 1) + 1j * rng.standard_normal(n // 2 + 1)
    spectrum *= np.arange(1, n // 2 + 2) ** -rng.uniform(0.0, 0.9)
    noise = np.fft.irfft(spectrum, n)
    if rng.random() < 0.5:  # comes and goes
        at = np.linspace(0, rng.uniform(0.5, 4.0) * n / SAMPLE_RATE, n) + rng.random()
        noise *= 0.6 + 0.4 * np.sin(2 * np.pi * at)
    power, noise_power = float(np.square(waveform).mean()), float(np.square(noise).mean())
    scale = np.sqrt(power / max(noise_power, 1e-20)) * 10 ** (-snr_db / 20)
    return (waveform + scale * noise).astype(np.float32)


def over_telephone(waveform: Waveform) -> Waveform:
    """The same at 8 kHz through G.711's logarithmic 8-bit steps."""
    narrow = _resampled(waveform, SAMPLE_RATE, SAMPLE_RATE // 2).clip(-1, 1)
    steps = np.round(np.sign(narrow) * np.log1p(_MU * np.abs(narrow)) / np.log1p(_MU) * 127) / 127
    narrow = np.sign(steps) * np.expm1(np.abs(steps) * np.log1p(_MU)) / _MU
    return _resampled(narrow.astype(np.float32), SAMPLE_RATE // 2, SAMPLE_RATE)


def with_gain(waveform: Waveform, gain_db: float) -> Waveform:
    """Louder or softer, never beyond what a recording holds."""
    loudest = float(np.abs(waveform).max(initial=1e-9))
    return waveform * np.float32(min(10 ** (gain_db / 20), _LOUDEST / loudest))


def spec_augment(features: Tensor, rng: Generator) -> Tensor:
    """(T, F) features with stripes of time and mel bands replaced by their mean.

    Source: Park et al. 2019, SpecAugment, section 2; without time warping.
    """
    features = features.clone()
    n_frames, n_mels = features.shape
    mean = features.mean()
    for _ in range(2):
        width = int(rng.integers(0, n_mels // 5 + 1))
        first = int(rng.integers(0, n_mels - width + 1))
        features[:, first : first + width] = mean
    for _ in range(max(1, min(10, n_frames // 250))):
        width = int(rng.integers(0, max(1, min(35, n_frames // 12)) + 1))
        first = int(rng.integers(0, max(1, n_frames - width + 1)))
        features[first : first + width] = mean
    return features


def silence(seconds: float) -> Waveform:
    """Zeros."""
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def seeded(*key: int) -> Generator:
    """Chance that is the same every time for the same numbers."""
    return np.random.default_rng(key)


def _resampled(waveform: Waveform, rate: float, wanted: float) -> Waveform:
    return librosa.resample(waveform, orig_sr=rate, target_sr=wanted, res_type="soxr_lq")
