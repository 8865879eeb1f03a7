"""Faults in mid-job: the text so far is kept, the rest can follow, and the next job works."""

import io
import json
import os
import random
import re
import signal
import statistics
import sys
import time
from pathlib import Path
from queue import Empty
from types import SimpleNamespace

import pytest
from mutations import changed
from voice import conversation
from waiting import PATIENCE, finished, until

from asr_core.audio.clip import Clip
from asr_core.errors import AsrError
from asr_core.jobs import Begun, Recognizer, wire, worker
from asr_core.jobs.errand import Errand, Errands
from asr_core.jobs.escort import _next, escort
from asr_core.jobs.job import Job
from asr_core.jobs.process import WorkerProcess
from asr_core.privacy.receipt import snapshot
from asr_core.result import Language, Segment, Transcript
from asr_core.settings import Settings

pytestmark = pytest.mark.skipif(os.name == "nt", reason="stops and kills with POSIX signals")

LIGHT, SLOW = Settings(engine="light"), Settings(engine="light-slow")
PROJECT = Path(__file__).parents[3]


def pid_of(job):
    return int(job.segments[-1].text.split()[3])


def starts(segments):
    return [round(segment.start, 1) for segment in segments]


def test_a_killed_run_goes_on_at_the_segment_it_had_not_finished(recognizer, recording):
    whole = finished(recognizer.submit(recording, "talk.wav", LIGHT))
    killed = recognizer.submit(recording, "talk.wav", SLOW)
    until(lambda: len(killed.segments) >= 3)
    os.kill(pid_of(killed), signal.SIGKILL)
    assert finished(killed).stage == "failed"
    n_kept = len(killed.segments)
    assert 3 <= n_kept < 8
    begun = Begun(killed.segments, killed.position)
    rest = recognizer.submit(recording, "talk.wav", SLOW, begun=begun)
    until(lambda: rest.fraction)
    assert rest.fraction >= killed.fraction > 0.2  # of the whole recording
    assert finished(rest).stage == "done"
    assert rest.transcript.segments[:n_kept] == killed.segments
    assert starts(rest.transcript.segments) == starts(whole.segments)
    assert rest.transcript.language.label == "en"
    assert (rest.transcript.notes, rest.transcript.duration) == ((), whole.transcript.duration)


def test_a_part_goes_on_to_its_own_end_and_still_says_which_part_it_is(recognizer, recording):
    begun = Begun((Segment(9.0, 11.0, "en", "Hello.", 0.9),), 12.0)
    job = recognizer.submit(recording, "talk.wav", LIGHT, Clip(9.0, 20.0), begun=begun)
    assert finished(job).stage == "done"
    assert job.transcript.notes == ("Only a part was heard: 0:09 to 0:20.",)
    assert starts(job.transcript.segments)[0] == 9.0
    assert starts(job.transcript.segments)[1] == pytest.approx(13.5, abs=0.3)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds memory")
def test_a_model_that_does_not_fit_into_memory_is_a_sentence(recognizer, recording):
    job = finished(recognizer.submit(recording, "talk.wav", Settings(engine="light-large")))
    assert job.error.startswith("There is not enough memory for this model. Close other programs")
    assert finished(recognizer.submit(recording, "talk.wav", LIGHT)).stage == "done"


@pytest.mark.parametrize("seconds", [3.0, pytest.param(20.0, marks=pytest.mark.soak)])
def test_a_stopped_worker_is_waited_for_and_goes_on(recognizer, recording, monkeypatch, seconds):
    monkeypatch.setattr("asr_core.jobs.job.QUIET_S", min(5.0, seconds / 2))
    job = recognizer.submit(recording, "talk.wav", SLOW)
    until(lambda: len(job.segments) >= 2)
    os.kill(pid_of(job), signal.SIGSTOP)
    time.sleep(seconds)
    assert job.is_quiet
    assert (job.stage, job.running) == ("transcribing", True)
    os.kill(pid_of(job), signal.SIGCONT)
    assert finished(job).stage == "done"
    assert not job.is_quiet
    assert len(job.segments) == 8


def test_a_worker_that_is_long_at_it_gives_signs_of_life(recognizer, recording, monkeypatch):
    monkeypatch.setattr("asr_core.jobs.job.QUIET_S", 4.0)  # four signs may fail to come
    job = recognizer.submit(recording, "talk.wav", Settings(engine="light-stuck"))
    until(lambda: job.segments)
    time.sleep(5.0)
    assert not job.is_quiet
    job.cancel()
    assert finished(job).stage == "cancelled"


def new_job():
    return Job(memoryview(b""), "a.wav", Settings(), snapshot(()), lambda job: None)


def test_an_own_gap_counts_as_one_moment_of_silence():
    """However long this process slept: it looked once, and found nothing said."""

    job, silences = new_job(), []

    def get(timeout):
        silences.append(job._silence)
        if len(silences) == 1:
            raise Empty  # an hour later
        return {"kind": "beat"}

    assert _next(job, SimpleNamespace(inbox=SimpleNamespace(get=get)))["kind"] == "beat"
    assert silences == [0.0, 0.5]
    assert not job.is_quiet


def test_a_clock_that_jumps_changes_nothing(recognizer, recording, monkeypatch):
    job = recognizer.submit(recording, "talk.wav", Settings(engine="light-clock"))
    real = time.time
    while not job.wait(0.01):
        jump = random.choice((-86_400.0, 86_400.0))
        monkeypatch.setattr(time, "time", lambda jump=jump: real() + jump)
    assert job.stage == "done"
    assert len(job.segments) == 8
    assert not job.eta


def test_no_wait_of_ours_looks_at_the_clock_on_the_wall():
    files = [
        file for room in ("asr_core", "ui_components") for file in (PROJECT / room).rglob("*.py")
    ]
    assert len(files) > 100
    wall = re.compile(r"\btime\.time\b|from time import .*\btime\b|\btime_ns")
    assert [file.name for file in files if wall.search(file.read_text("utf-8"))] == []


@pytest.mark.parametrize("n", [6, pytest.param(50, marks=pytest.mark.soak)])
def test_cancelled_at_any_moment_it_keeps_the_text_and_the_next_job_works(recognizer, recording, n):
    whole = starts(finished(recognizer.submit(recording, "talk.wav", LIGHT)).segments)
    rng, waits, n_texts = random.Random(6), [], 0
    for _ in range(n):
        job = recognizer.submit(recording, "talk.wav", SLOW)
        job.wait(rng.uniform(0.0, 1.2))
        began = time.monotonic()
        job.cancel()
        following = recognizer.submit(recording, "talk.wav", SLOW)
        assert finished(job).stage in ("cancelled", "done")
        assert job.error is None
        assert job.transcript.segments == job.segments
        assert starts(job.segments) == whole[: len(job.segments)]
        n_texts += bool(job.segments)
        until(lambda job=following: job.stage not in ("waiting", "loading"))
        assert following.error is None, recognizer.readiness
        waits.append(time.monotonic() - began)
        following.cancel()
        finished(following)
    print(f"{n} cancels: next job after {statistics.median(waits):.2f} s, at most {max(waits):.2f}")
    assert statistics.median(waits) < 2.0
    assert 0 < n_texts < n  # some before the first text, some behind it
    assert finished(recognizer.submit(recording, "talk.wav", LIGHT)).stage == "done"


def test_a_recording_that_is_stopped_on_its_way_in_is_not_mixed_up_with_what_comes_next():
    """The pieces of another recording, whose length is asked for, are not the rest of this one."""
    sent, errands = [], Errands()
    job = Job(memoryview(b"sound"), "a.wav", Settings(), snapshot(()), lambda job: None)
    job.cancel()
    errands.add(Errand("probe", lambda message: None, [memoryview(b"other")]))
    frames = iter([{"kind": "errands"}, {"kind": "stop", "job": job.id}, {"kind": "gone"}])
    process = SimpleNamespace(
        inbox=SimpleNamespace(get=lambda timeout: next(frames)),
        send=lambda message: sent.append(message["kind"]),
        send_audio=lambda chunk: sent.append(bytes(chunk)),
    )
    assert escort(job, process, errands).stage == "cancelled"
    assert sent == ["job", "cancel", "probe", b"other", "cancel"]


HELLO = Segment(0.0, 1.0, "en", "Hello.", 0.9)
DONE = Transcript("a.wav", 9.0, (HELLO,), Language(0, 1, 0, "en"), "light", "joint")


def messages(id):
    """What a worker says in a run."""
    language = wire.pack_language(Language(0, 1, 0, "en"))
    progress = {"position": 1.0, "duration": 9.0, "language": language}
    segments = wire.pack_segments((HELLO,))
    yield {"kind": "started", "job": id}
    yield {"kind": "progress", "job": id, "segments": segments, **progress}
    yield {"kind": "beat", "job": id}
    yield {"kind": "done", "job": id, "held": 0, "transcript": wire.pack_transcript(DONE)}


def test_garbage_from_the_worker_ends_the_job_with_its_text_and_nothing_else():
    rng, stages = random.Random(9), set()
    for _ in range(400):
        job = new_job()
        job.enter("loading")
        said = json.loads(json.dumps([*messages(job.id)]))
        at = rng.randrange(len(said))
        wrong = changed(said[at], rng)
        said[at] = wrong if isinstance(wrong, dict) else {"kind": "?"}
        said[at].setdefault("kind", "?")
        frames = iter([*said, {"kind": "gone"}])
        process = SimpleNamespace(
            inbox=SimpleNamespace(get=lambda timeout, frames=frames: next(frames)),
            was_killed=False,
            send=lambda message: None,
            send_audio=lambda chunk: None,
        )
        end = escort(job, process, Errands())
        assert end.stage in ("done", "failed")
        assert end.transcript.segments == (HELLO,) or not job.segments
        if end.stage == "failed":
            assert end.error
            stages.add((end.worn, bool(job.segments)))
    assert len(stages) > 1


def test_garbage_from_the_page_ends_the_worker(monkeypatch):
    class Ended(Exception):  # noqa: N818, as the process would
        pass

    def end(code):
        raise Ended

    monkeypatch.setattr(worker.os, "_exit", end)
    monkeypatch.setattr(worker, "Sandbox", lambda: None)
    ears = worker.Worker("light_engine:load", lambda message: None)
    rng = random.Random(10)
    order = {"kind": "job", "job": "1", "name": "a.wav", "settings": {}, "clip": [0.0, None]}
    for _ in range(300):
        pipe = io.BytesIO()
        for message in (order, {"kind": "cancel", "job": "1"}, {"kind": "look"}):
            wrong = changed(message, rng)
            wire.write_message(pipe, wrong if isinstance(wrong, dict) else {"kind": wrong})
        pipe.seek(0)
        with pytest.raises(Ended):
            worker._listen(pipe, ears)


def test_a_worker_that_got_garbage_is_replaced(recognizer, recording):
    before = finished(recognizer.submit(recording, "talk.wav", LIGHT))
    process = recognizer._process
    process.send({"kind": "cancel", "job": ["nonsense"]})
    until(lambda: not process.alive)
    after = finished(recognizer.submit(recording, "talk.wav", LIGHT))
    assert (after.stage, pid_of(after) != pid_of(before)) == ("done", True)
    asked = recognizer.align(b"this is no sound" * 99, "a.wav", LIGHT, Clip(0, 1), "two", "en")
    assert isinstance(asked.exception(PATIENCE), AsrError)


def test_the_worker_is_replaced_when_its_sound_is_not_wanted_and_no_job_is_broken(recording):
    recognizer = Recognizer(loader="light_engine:load")
    try:
        first = finished(recognizer.submit(recording, "talk.wav", LIGHT))
        running = recognizer.submit(recording, "talk.wav", SLOW)
        until(lambda: running.segments)
        recognizer.renew()
        waiting = recognizer.submit(recording, "talk.wav", LIGHT)
        assert finished(running).stage == "done"
        assert finished(waiting).stage == "done"
        assert pid_of(running) == pid_of(waiting) == pid_of(first)
        until(lambda: not recognizer._is_stale)
        after = finished(recognizer.submit(recording, "talk.wav", LIGHT))
        assert pid_of(after) != pid_of(first)
        assert after.stage == "done"
    finally:
        recognizer.close()


def test_a_worker_that_cannot_be_reached_is_no_worker():
    process = WorkerProcess("light_engine:load")
    os.kill(process.pid, signal.SIGKILL)
    assert process.inbox.get(timeout=PATIENCE) == {"kind": "gone"}
    assert not process.alive
    process.close()


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's account of memory")
def test_four_hours_need_no_more_memory_than_the_file_and_give_text_all_the_way(recognizer):
    """As the page gives it: the whole file, 461 MB, through the pipe into the worker's memory."""
    turns = 40  # of 4.5 seconds
    short = conversation(turns)
    n_copies = round(4 * 3600 / (4.5 * turns))
    sound = short[44:] * n_copies
    sizes = (len(sound) + 36).to_bytes(4, "little"), len(sound).to_bytes(4, "little")
    long = short[:4] + sizes[0] + short[8:40] + sizes[1] + sound
    job = recognizer.submit(long, "long.wav", LIGHT)
    seen, peak, began = [], 0, time.monotonic()
    while not job.wait(1.0):
        seen.append(len(job.segments))
        if job.segments:
            status = Path(f"/proc/{pid_of(job)}/status").read_text()
            peak = int(status.partition("VmHWM:")[2].split()[0]) << 10
    assert job.stage == "done", job.error
    assert len(job.segments) == turns * n_copies
    assert len(set(seen)) > 20
    print(
        f"4 h, {len(long) / 1e6:.0f} MB: {time.monotonic() - began:.0f} s, "
        f"the worker's peak is {peak / 1e6:.0f} MB, {(peak - len(long)) / 1e6:.0f} above the file"
    )
    assert peak < 2 * len(long) + 300_000_000
