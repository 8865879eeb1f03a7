"""The path of a recording: the sound is read ahead of the engine, and not for longer than that."""

import io
import threading
import time
from pathlib import Path

import pytest
import soundfile
from light_engine import LightEngine

from asr_core.audio.clip import Clip
from asr_core.audio.decode import open_recording
from asr_core.errors import AsrError, AudioDecodeError
from asr_core.settings import Settings
from asr_core.transcribe import transcribe

SPEECH = Path(__file__).resolve().parents[1] / "recordings" / "english-then-mandarin.flac"
TIMES = 6  # the recording behind itself, a minute in all


@pytest.fixture(scope="module")
def minute():
    waveform, sample_rate = soundfile.read(SPEECH, dtype="int16")
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", sample_rate, 1, "PCM_16", format="WAV") as sound:
        for _ in range(TIMES):
            sound.write(waveform)
    return file.getvalue()


class Waiting(LightEngine):
    """Does not go on from its first window until all of the recording was read."""

    def __init__(self, recording):
        super().__init__("waiting")
        self._recording = recording

    def recognize(self, windows, settings):
        for recognized in super().recognize(windows, settings):
            deadline = time.monotonic() + 20
            while self._recording.heard < self._recording.duration - 0.1:
                assert time.monotonic() < deadline, "nobody reads while the engine is at work"
                time.sleep(0.01)
            yield recognized


def test_the_sound_is_read_while_the_engine_is_at_work(minute):
    with open_recording(minute, "talk.wav") as recording:
        transcript = transcribe(recording, Waiting(recording), Settings())
    with open_recording(minute, "talk.wav") as recording:
        assert transcribe(recording, LightEngine("light"), Settings()).segments == (
            transcript.segments
        )
    assert len(transcript.segments) > 2


def test_where_the_engine_fails_nobody_reads_on(minute):
    with (
        pytest.raises(AsrError, match="too strange"),
        open_recording(minute, "talk.wav") as recording,
    ):
        transcribe(recording, LightEngine("light-refusal"), Settings())
    assert "ahead" not in {thread.name for thread in threading.enumerate()}


def test_what_is_wrong_with_the_sound_is_said_as_ever(minute):
    with (
        pytest.raises(AudioDecodeError, match="before the part to be heard"),
        open_recording(minute, "talk.wav", Clip(start=90.0)) as recording,
    ):
        transcribe(recording, LightEngine("light"), Settings())
