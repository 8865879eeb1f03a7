"""A recording that is still being made: heard as it is spoken, and nothing of it is lost."""

import io
import os
import threading

import numpy as np
import pytest
import soundfile
from voice import conversation
from waiting import finished, until

from asr_core.jobs import LiveSound, live
from asr_core.jobs.wire import CHUNK
from asr_core.settings import Settings

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills with POSIX signals")

LIGHT = Settings(engine="light")
RATE = 16_000
N_WINDOWS = 4


@pytest.fixture(scope="module")
def talk():
    """Four turns of a voice, each with three seconds of silence behind it, as a WAV file."""
    return conversation(N_WINDOWS)


@pytest.fixture(scope="module")
def samples(talk):
    return talk[44:]


def speak(sound, samples):
    """All of it, in pieces as a page sends them."""
    for start in range(0, len(samples), RATE):
        assert sound.add(samples[start : start + RATE])


def texts(job):
    return [segment.text.split(maxsplit=4)[4] for segment in job.segments]  # how loud it is


def pid_of(job):
    return int((job.segments[0].text if job.segments else job.draft).split()[3])


def test_text_comes_while_it_is_spoken_and_in_the_end_it_is_that_of_the_recording(
    recognizer, talk, samples
):
    whole = finished(recognizer.submit(talk, "talk.wav", LIGHT))
    sound = LiveSound(RATE)
    job = recognizer.submit(sound, "recording.wav", LIGHT)
    speak(sound, samples[: 3 * 2 * RATE])
    until(lambda: job.draft)
    assert job.segments == ()
    speak(sound, samples[3 * 2 * RATE :])
    until(lambda: len(job.segments) == N_WINDOWS - 1)  # the pause behind the last is too short
    assert job.running
    sound.end()
    assert finished(job).stage == "done"
    assert texts(job) == texts(whole)
    assert [(s.start, s.end) for s in job.segments] == [(s.start, s.end) for s in whole.segments]
    assert job.transcript.segments == job.segments
    assert job.transcript.duration == whole.transcript.duration
    assert job.transcript.stats["real_time_factor"] is None  # who waits for a speaker is not slow
    assert (job.receipt.bytes_removed, job.receipt.findings) == (len(samples), ())
    assert sound.wav()[44:] == samples


def test_while_nobody_speaks_errands_are_done(recognizer, talk, samples):
    sound = LiveSound(RATE)
    job = recognizer.submit(sound, "recording.wav", LIGHT)
    speak(sound, samples[: 2 * 2 * RATE])
    until(lambda: job.draft)
    errand = recognizer.align(talk, "talk.wav", LIGHT, job.clip, "two words", "en")
    speak(sound, samples[2 * 2 * RATE :])
    sound.end()
    assert [word.text for word in errand.result(30).words] == ["two", "words"]
    assert len(finished(job).segments) == N_WINDOWS


def test_a_cancel_in_a_silence_keeps_the_text_and_the_worker(recognizer, samples):
    sound = LiveSound(RATE)
    job = recognizer.submit(sound, "recording.wav", LIGHT)
    speak(sound, samples[: 8 * 2 * RATE])
    until(lambda: job.segments)
    job.cancel()
    assert finished(job).stage == "cancelled"
    assert len(job.transcript.segments) == 1
    after = finished(recognizer.submit(conversation(1), "talk.wav", LIGHT))
    assert pid_of(after) == pid_of(job)
    assert sound.add(samples)  # the recording goes on, if whoever makes it does


def test_one_that_waits_in_line_is_heard_from_its_beginning(recognizer, samples):
    before = recognizer.submit(conversation(4), "talk.wav", Settings(engine="light-slow"))
    sound = LiveSound(RATE)
    job = recognizer.submit(sound, "recording.wav", LIGHT)
    assert job.stage == "waiting"
    speak(sound, samples)
    sound.end()
    assert finished(before).stage == "done"
    assert len(finished(job).segments) == N_WINDOWS


def test_nothing_spoken_is_a_recording_without_text(recognizer):
    sound = LiveSound(RATE)
    sound.end()
    job = finished(recognizer.submit(sound, "recording.wav", LIGHT))
    assert (job.stage, job.segments) == ("done", ())


def test_a_worker_that_dies_takes_no_sound_with_it(recognizer, samples):
    sound = LiveSound(RATE)
    job = recognizer.submit(sound, "recording.wav", LIGHT)
    speak(sound, samples[: 8 * 2 * RATE])
    until(lambda: job.segments)
    os.kill(pid_of(job), 9)
    assert finished(job).stage == "failed"
    assert len(job.transcript.segments) == 1
    speak(sound, samples[8 * 2 * RATE :])
    assert sound.wav()[44:] == samples


def test_it_becomes_a_file_that_others_can_read():
    sound = LiveSound(48_000)
    tone = (1000 * np.sin(np.arange(48_000))).astype("<i2")
    sound.add(tone.tobytes())
    found, rate = soundfile.read(io.BytesIO(sound.wav()), dtype="int16")
    assert rate == 48_000
    np.testing.assert_array_equal(found, tone)


def test_it_takes_whole_samples_while_it_lasts_and_as_many_as_there_is_room_for(monkeypatch):
    monkeypatch.setattr(live, "MAX_BYTES", CHUNK + 4)
    sound = LiveSound(RATE)
    assert sound.add(b"\0\0")
    assert not sound.add(b"\0")
    assert (sound.n_bytes, sound.piece(0), sound.piece(2)) == (2, b"\0\0", b"")
    assert sound.add(bytes(CHUNK))
    assert len(sound.piece(0)) == CHUNK  # what is longer goes in several frames
    assert not sound.add(bytes(4))
    sound.end()
    assert not sound.add(b"\0\0")
    sound.drop()
    assert (sound.n_bytes, sound.ended) == (0, True)
    with pytest.raises(ValueError, match="not 100"):
        LiveSound(100)


def test_what_comes_from_several_threads_is_all_there():
    sound = LiveSound(RATE)
    threads = [
        threading.Thread(target=lambda: [sound.add(b"ab") for _ in range(500)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sound.piece(0) == b"ab" * 2000
