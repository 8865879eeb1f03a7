"""Where nobody speaks nothing is written."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.decode import open_recording
from asr_core.audio.segment import Window
from asr_core.settings import Settings
from asr_core.transcribe import transcribe

SECONDS = 8.0


def silence(rng):
    return np.zeros(round(SECONDS * SAMPLE_RATE))


def hiss(rng):
    return 0.05 * rng.standard_normal(round(SECONDS * SAMPLE_RATE))


def rumble(rng):
    walk = np.cumsum(hiss(rng))
    return 0.3 * walk / np.abs(walk).max()


def typing(rng):
    """Clicks of a few milliseconds."""
    sound = 0.001 * rng.standard_normal(round(SECONDS * SAMPLE_RATE))
    for start in np.cumsum(rng.uniform(0.08, 0.4, 20)):
        at = round(start * SAMPLE_RATE)
        click = rng.standard_normal(160) * np.exp(-np.arange(160) / 30)
        sound[at : at + 160] += 0.4 * click[: len(sound[at : at + 160])]
    return sound


def music(rng):
    """Chords of four tones with overtones, another every half second."""
    parts = []
    for _ in range(round(SECONDS / 0.5)):
        at = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
        root = 220 * 2 ** (rng.integers(-5, 8) / 12)
        tones = [root * 2 ** (step / 12) * k for step in (0, 4, 7, 12) for k in (1, 2, 3)]
        chord = sum(np.sin(2 * np.pi * f * at) / (1 + i % 3) for i, f in enumerate(tones))
        parts.append(chord * np.exp(-3 * at))
    sound = np.concatenate(parts)
    return 0.3 * sound / np.abs(sound).max()


def pink(rng):
    """Noise with less of the high tones, as of rain or traffic."""
    spectrum = np.fft.rfft(hiss(rng))
    sound = np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1)))
    return 0.2 * sound / np.abs(sound).max()


def hum(rng):
    """Mains, with overtones, and a little hiss."""
    at = np.arange(round(SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * 50 * k * at + rng.uniform(0, 6)) / k for k in (1, 2, 3, 5, 7))
    return 0.1 * tones + 0.02 * hiss(rng)


def breath(rng):
    """Noise that swells and fades every three seconds."""
    at = np.arange(round(SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    return 0.6 * hiss(rng) * np.clip(np.sin(2 * np.pi * at / 3), 0, None) ** 2


SOUNDS = [silence, hiss, pink, rumble, typing, music, hum, breath]

# What a person may list, long enough for a decoder to fall into it.
LISTED = tuple(
    line
    for name in ("names.txt", "others.txt")
    for line in (Path(__file__).parents[1] / "bench" / name).read_text("utf-8").splitlines()
)


def texts(engine, waveform, settings):
    """What an engine writes when the voice detector takes all of a waveform for speech."""
    waveform = waveform.astype(np.float32)
    windows = [Window(0.0, waveform, ((0.0, len(waveform) / SAMPLE_RATE),))]
    found = engine.recognize(windows, settings)
    return [segment.text for recognized in found for segment in recognized.segments]


@pytest.mark.parametrize("listed", [(), LISTED], ids=["plain", "listed"])
@pytest.mark.parametrize("sound", SOUNDS)
def test_nothing_is_written_where_nobody_speaks(engine, sound, listed):
    recording = io.BytesIO()
    soundfile.write(recording, sound(np.random.default_rng(0)), SAMPLE_RATE, format="WAV")
    with open_recording(recording.getvalue(), "room.wav") as opened:
        assert transcribe(opened, engine, Settings(vocabulary=listed)).text == ""


@pytest.mark.parametrize("listed", [(), LISTED], ids=["plain", "listed"])
@pytest.mark.parametrize("sound", SOUNDS)
def test_noise_that_was_taken_for_speech_stays_silent(engine, sound, listed):
    """What CTC hears nothing in, whatever the voice detector thinks of it."""
    waveform = sound(np.random.default_rng(1))
    assert texts(engine, waveform, Settings(vocabulary=listed)) == []
