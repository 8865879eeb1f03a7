"""Made-up voices: buzzing vowels that a speech detector takes for speech, and silence between."""

import io

import numpy as np
import soundfile

SAMPLE_RATE = 16_000

_VOWELS = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480)]


def voice(duration):
    """A voice that says vowels: (N,) float32, 16 kHz."""
    from scipy.signal import lfilter

    time = np.arange(int(duration * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 120 + 15 * np.sin(2 * np.pi * 0.7 * time) + 5 * np.sin(2 * np.pi * 3 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    buzz = sum(np.sin(k * phase) / k for k in range(1, 30))
    syllable = int(0.18 * SAMPLE_RATE)
    sound = np.zeros(len(time))
    for i, start in enumerate(range(0, len(time), syllable)):
        part = buzz[start : start + syllable]
        for formant in _VOWELS[i % len(_VOWELS)]:
            damping = np.exp(-np.pi * 80 / SAMPLE_RATE)
            turn = -2 * damping * np.cos(2 * np.pi * formant / SAMPLE_RATE)
            part = lfilter([1 - damping], [1, turn, damping**2], part)
        sound[start : start + syllable] = part * np.hanning(len(part)) ** 0.3
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


def conversation(n_turns, pause=3.0, n_copies=1):
    """A WAV file: `n_turns` of 1.5 s of voice, each followed by `pause` seconds of near silence.

    With `n_copies` every sample is there so often, in a rate as high, and in as many channels.
    """
    noise = np.random.default_rng(7).standard_normal(int(pause * SAMPLE_RATE)) * 1e-3
    turn = np.concatenate([voice(1.5), noise.astype(np.float32)])
    file = io.BytesIO()
    sound = np.tile(np.tile(turn, n_turns).repeat(n_copies)[:, None], n_copies)  # (N, C)
    soundfile.write(file, sound, SAMPLE_RATE * n_copies, format="WAV", subtype="PCM_16")
    return file.getvalue()
