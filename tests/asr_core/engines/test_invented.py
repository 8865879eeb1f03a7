"""Where nobody speaks nothing is written."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.decode import open_recording
from asr_core.audio.segment import Window
from asr_core.search.types import Hypothesis
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


@pytest.fixture(scope="module")
def thanks(shared_folder):
    """A telephone voice that says "Thank you." and nothing else."""
    lines = (shared_folder / "train/manifest.jsonl").read_text("utf-8").splitlines()
    row = next(json.loads(line) for line in lines if '"asterisk_en-auth-thankyou"' in line)
    with open_recording(shared_folder / "train" / row["file"], "prompts.opus") as recording:
        sound = np.concatenate(list(recording))
    start = round(row["offset_s"] * SAMPLE_RATE)
    return sound[start : start + round(row["duration_s"] * SAMPLE_RATE)]


def test_thanks_that_were_said_stay(engine, thanks):
    assert texts(engine, thanks, Settings(language="en")) == ["Thank you."]
    listed = Settings(language="en", vocabulary=LISTED)
    assert texts(engine, thanks, listed) == ["Thank you."]


def test_a_request_that_nobody_made_is_dropped(engine, thanks, monkeypatch):
    """The decoder is made to write it, over noise and over what a person does say."""
    tokens = tuple(engine._tokenizer.encode(" Please subscribe to my channel."))
    invented = Hypothesis(tokens, -1.0, (-0.1,) * len(tokens), ended=True)
    monkeypatch.setattr(
        engine._decoding, "hypotheses", lambda memory, *others: [[invented]] * len(memory.lengths)
    )
    for sound in (hiss(np.random.default_rng(0)), thanks):
        assert texts(engine, sound, Settings(language="en")) == []


def test_a_list_that_is_only_recited_is_read_again_without_it(engine, thanks, monkeypatch):
    read = engine._decoding.hypotheses
    tokens = tuple(engine._tokenizer.encode(" Microsoft, Jonathan Clarke, Bluetooth."))
    echo = Hypothesis(tokens, -1.0, (-0.1,) * len(tokens), ended=True)

    def hypotheses(memory, ctc, languages, limits, settings, bias=None):
        if bias is not None:
            return [[echo]] * len(languages)
        return read(memory, ctc, languages, limits, settings)

    monkeypatch.setattr(engine._decoding, "hypotheses", hypotheses)
    listed = Settings(language="en", vocabulary=LISTED)
    assert texts(engine, thanks, listed) == ["Thank you."]
    assert engine.stats()["echoes"] == 1
