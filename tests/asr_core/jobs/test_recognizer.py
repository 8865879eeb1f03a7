"""The worker process: text comes back, faults become sentences, and the next job always works."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from voice import conversation
from waiting import PATIENCE, finished, until

from asr_core.audio.clip import Clip
from asr_core.errors import AsrError
from asr_core.jobs import Readiness, Recognizer
from asr_core.jobs.escort import escort
from asr_core.jobs.process import WorkerProcess
from asr_core.settings import Settings
from asr_core.speed import Experience

LIGHT = Path(__file__).parents[2] / "light"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills with POSIX signals")

NO_CHOICE = Settings(engine="light")


def pid_of(job):
    return int(job.segments[0].text.split()[3])


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_recording_becomes_a_transcript_and_the_model_stays_warm(recognizer, recording):
    first = finished(recognizer.submit(recording, "talk.wav", NO_CHOICE))
    assert (first.stage, first.error, first.fraction) == ("done", None, 1.0)
    assert first.transcript.name == "talk.wav"
    assert first.transcript.segments == first.segments
    assert len(first.segments) == 8
    assert first.language.label == "en"
    second = finished(recognizer.submit(recording, "talk.wav", NO_CHOICE))
    assert first.segments == second.segments  # among others the process and the count of loads


def test_a_second_model_makes_another_engine_and_another_threshold_does_not(recognizer, recording):
    def n_loads(**second):
        job = finished(recognizer.submit(recording, "talk.wav", replace(NO_CHOICE, **second)))
        return int(job.segments[0].text.split()[1])

    before = n_loads()
    assert n_loads(second_engine="large") == before + 1
    assert n_loads(second_engine="large", second_below=0.5) == before + 1
    assert n_loads(second_engine="large", second_precision="float32") == before + 2


def test_the_receipt_says_what_was_dropped_and_finds_nothing(recognizer, recording):
    receipt = finished(recognizer.submit(recording, "talk.wav", NO_CHOICE)).receipt
    assert receipt.findings == ()
    assert (receipt.bytes_removed, receipt.bytes_left) == (len(recording), 0)


def test_a_file_is_opened_by_the_worker_and_stays_where_it_is(recognizer, recording, tmp_path):
    file = tmp_path / "讲话 1.wav"
    file.write_bytes(recording)
    job = finished(recognizer.submit(file, file.name, NO_CHOICE))
    assert job.stage == "done"
    assert job.transcript.name == "讲话 1.wav"
    assert file.read_bytes() == recording
    assert job.receipt.bytes_removed == 0


def test_text_streams_in_with_a_fraction_and_in_order(recognizer, recording):
    job = recognizer.submit(recording, "talk.wav", Settings(engine="light-slow"))
    until(lambda: job.segments)
    assert job.running
    assert job.stage == "transcribing"
    seen = []
    while not job.wait(0.02):
        seen.append((job.fraction, len(job.segments)))
    assert seen == sorted(seen)
    assert 0.0 < seen[0][0] < 1.0
    assert len({n for _, n in seen}) > 3


def test_a_job_that_meets_a_dying_worker_is_done_by_a_fresh_one(recording, monkeypatch):
    recognizer = Recognizer(loader="light_engine:load")
    try:
        before = pid_of(finished(recognizer.submit(recording, "talk.wav", NO_CHOICE)))
        looks = iter([True])  # just killed, it still counts as living once
        living = WorkerProcess.alive.fget
        monkeypatch.setattr(
            WorkerProcess, "alive", property(lambda self: next(looks, None) or living(self))
        )
        os.kill(before, signal.SIGKILL)
        until(lambda: not is_alive(before))
        job = finished(recognizer.submit(recording, "talk.wav", NO_CHOICE))
        assert (job.stage, job.error) == ("done", None)
        assert pid_of(job) != before
    finally:
        recognizer.close()


def test_thirty_megabytes_pass_through_the_pipe(recognizer):
    long = conversation(1, pause=25.0, n_copies=6)
    assert len(long) > 30_000_000
    job = finished(recognizer.submit(memoryview(long), "long.wav", NO_CHOICE))
    assert job.stage == "done", job.error
    assert len(job.segments) == 1
    assert job.receipt.bytes_removed == len(long)


def test_jobs_wait_in_line_and_a_waiting_one_can_be_cancelled(recognizer, recording):
    slow = Settings(engine="light-slow")
    first, second, third = (recognizer.submit(recording, f"{i}.wav", slow) for i in range(3))
    assert [recognizer.ahead_of(job) for job in (first, second, third)] == [0, 1, 2]
    assert third.stage == "waiting"
    second.cancel()
    assert second.stage == "cancelled"
    assert second.transcript.segments == ()
    assert recognizer.ahead_of(third) == 1
    until(lambda: third.stage != "waiting")
    assert not first.running
    assert finished(third).stage == "done"


def test_cancel_keeps_the_text_and_a_worker_that_obeys(recognizer, recording, monkeypatch):
    # However busy this computer is: it stops because it obeys, not because it is ended.
    monkeypatch.setattr("asr_core.jobs.recognizer.GRACE_S", PATIENCE)
    job = recognizer.submit(recording, "talk.wav", Settings(engine="light-slow"))
    until(lambda: len(job.segments) >= 2)
    job.cancel()
    assert finished(job).stage == "cancelled"
    assert job.error is None
    assert 2 <= len(job.transcript.segments) < 8
    assert job.transcript.notes[0].startswith("Stopped at 0:")
    assert job.receipt.clean
    again = finished(recognizer.submit(recording, "talk.wav", Settings(engine="light-slow")))
    assert again.stage == "done"
    assert pid_of(again) == pid_of(job)
    job.cancel()  # an ended job does not care
    assert job.stage == "cancelled"


@pytest.mark.parametrize("engine", ["light-stuck", "light-loads-for-ever"])
def test_cancel_ends_a_worker_that_does_not_listen(recognizer, recording, engine):
    job = recognizer.submit(recording, "talk.wav", Settings(engine=engine))
    stage = "transcribing" if engine == "light-stuck" else "loading"
    until(lambda: job.stage == stage and (job.segments or stage == "loading"))
    began = time.monotonic()
    job.cancel()
    assert finished(job).stage == "cancelled"
    assert time.monotonic() - began < 2.0
    assert job.receipt.clean
    assert finished(recognizer.submit(recording, "talk.wav", NO_CHOICE)).stage == "done"


def test_a_worker_killed_from_outside_leaves_the_text_and_a_sentence(recognizer, recording):
    job = recognizer.submit(recording, "talk.wav", Settings(engine="light-slow"))
    until(lambda: len(job.segments) >= 2)
    os.kill(pid_of(job), 9)
    assert finished(job).stage == "failed"
    assert job.error.startswith("The recognizer stopped unexpectedly.")
    assert "The text up to 0:" in job.error
    assert len(job.transcript.segments) >= 2
    assert finished(recognizer.submit(recording, "talk.wav", NO_CHOICE)).stage == "done"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("killer", [9, 11])
def test_a_decoder_that_crashes_leaves_the_text_and_the_worker(recognizer, killer):
    job = recognizer.submit(conversation(40), "talk.wav", Settings(engine="light-slow"))
    until(lambda: len(job.segments) >= 2)
    worker = pid_of(job)
    children = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
    for child in children:
        os.kill(int(child), killer)
    assert finished(job).stage == "failed"
    assert job.error.startswith("Cannot read “talk.wav”: the decoder stopped working on it.")
    assert "The text up to 0:" in job.error
    assert len(job.transcript.segments) >= 2
    assert job.receipt.clean
    again = finished(recognizer.submit(conversation(2), "talk.wav", NO_CHOICE))
    assert again.stage == "done"
    assert pid_of(again) == worker


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        ("light-crash", "The recognizer stopped unexpectedly."),
        ("light-killed", "The computer may have run out of memory; close other programs."),
        ("light-nonsense", "The recognizer stopped unexpectedly."),
        ("light-bug", "Something went wrong in the recognizer (TypeError)."),
        ("light-hoards", "There is not enough memory for this recording."),
        ("light-refusal", "The sound is too strange. Choose another recording."),
        ("light-network", "Something went wrong in the recognizer (PermissionError)."),
    ],
)
def test_a_fault_is_a_sentence_and_the_next_job_works(recognizer, recording, engine, sentence):
    job = finished(recognizer.submit(recording, "talk.wav", Settings(engine=engine)))
    assert job.stage == "failed"
    assert sentence in job.error
    assert "secret-word" not in job.error
    assert job.error.endswith("is kept.")
    assert len(job.transcript.segments) == 1
    assert job.receipt.clean
    assert finished(recognizer.submit(recording, "talk.wav", NO_CHOICE)).stage == "done"


def test_a_damaged_model_and_a_text_file_are_sentences_without_a_new_worker(recognizer, recording):
    before = finished(recognizer.submit(recording, "talk.wav", NO_CHOICE))
    damaged = finished(recognizer.submit(recording, "talk.wav", Settings(engine="light-damaged")))
    assert damaged.error == "The model file is damaged. Get it again."
    text = finished(recognizer.submit(b"this is no sound" * 99, "notes.wav", NO_CHOICE))
    assert text.stage == "failed"
    assert "notes.wav" in text.error
    after = finished(recognizer.submit(recording, "talk.wav", NO_CHOICE))
    assert pid_of(after) == pid_of(before)


def test_what_libraries_print_does_not_disturb(recognizer, recording):
    job = finished(recognizer.submit(recording, "talk.wav", Settings(engine="light-print")))
    assert job.stage == "done"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot forbid files")
def test_the_kernel_stops_an_engine_that_writes_sound_to_disk(recording, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    recognizer = Recognizer(loader="light_engine:load")
    try:
        job = finished(recognizer.submit(recording, "talk.wav", Settings(engine="light-disk")))
    finally:
        recognizer.close()
    assert job.stage == "failed"
    assert "(FileNotFoundError)" in job.error  # tempfile found no folder it could write to
    assert list(tmp_path.iterdir()) == []
    assert job.receipt.clean


def _kill_worker(job):
    os.kill(pid_of(job), 9)


def _kill_decoder(job):
    worker = pid_of(job)
    for child in Path(f"/proc/{worker}/task/{worker}/children").read_text().split():
        os.kill(int(child), 9)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize(
    ("end", "stage"),
    [
        (lambda job: None, "done"),
        (lambda job: job.cancel(), "cancelled"),
        (_kill_worker, "failed"),
        (_kill_decoder, "failed"),
    ],
)
def test_however_a_run_ends_its_receipt_is_from_a_look_afterwards(
    recognizer, tmp_path, monkeypatch, end, stage
):
    """The control: what was left during the run is found at its end, whichever that is."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    job = recognizer.submit(conversation(20), "talk.wav", Settings(engine="light-slow"))
    until(lambda: job.segments)
    assert job.receipt is None
    left = tmp_path / f"sottovoce-{pid_of(job)}-left"
    left.write_bytes(b"sound" * 1000)
    end(job)
    assert finished(job).stage == stage
    assert job.receipt.findings == (f"The temporary file {left.name} is left (5.0 kB).",)
    left.unlink()
    assert recognizer.check(job).clean


def test_the_receipt_finds_sound_that_the_worker_keeps(recognizer, recording):
    job = finished(recognizer.submit(recording, "talk.wav", Settings(engine="light-keeps")))
    assert job.stage == "done"
    assert job.receipt.bytes_left == len(recording)
    assert job.receipt.findings == ("The recognizer still holds 1.2 MB of audio in memory.",)
    recognizer.forget()
    assert recognizer.check(job).clean
    assert job.receipt.bytes_removed == len(recording)


def test_the_receipt_counts_what_the_page_still_holds(recording):
    held = 0
    recognizer = Recognizer(lambda: held, loader="light_engine:load")
    try:
        job = finished(recognizer.submit(b"", "empty.wav", NO_CHOICE))
        assert job.receipt.clean
        held = 1_500_000
        assert recognizer.check(job).findings == (
            "The page still holds 1.5 MB of audio in memory.",
        )
    finally:
        recognizer.close()


def test_forget_ends_the_process_and_stops_what_runs(recognizer, recording):
    job = recognizer.submit(recording, "talk.wav", Settings(engine="light-slow"))
    waiting = recognizer.submit(recording, "talk.wav", NO_CHOICE)
    until(lambda: job.segments)
    recognizer.forget()
    assert not is_alive(pid_of(job))
    assert finished(job).stage == "cancelled"
    assert waiting.stage == "cancelled"
    after = finished(recognizer.submit(recording, "talk.wav", NO_CHOICE))
    assert pid_of(after) != pid_of(job)


def test_close_ends_the_process_and_the_running_job(recording):
    recognizer = Recognizer(loader="light_engine:load")
    job = recognizer.submit(recording, "talk.wav", Settings(engine="light-stuck"))
    until(lambda: job.segments)
    recognizer.close()
    assert finished(job).stage == "cancelled"
    assert not is_alive(pid_of(job))


def test_the_line_can_be_changed_while_it_waits(recognizer, recording):
    slow = Settings(engine="light-slow")
    first, second, third = (recognizer.submit(recording, f"{i}.wav", slow) for i in range(3))
    until(lambda: first.segments)
    recognizer.move(third, second)
    assert recognizer.ahead_of(third) == 1
    second.cancel()
    first.cancel()
    until(lambda: third.stage == "transcribing")
    third.cancel()
    assert finished(third).stage == "cancelled"


def test_a_held_recording_says_its_length_and_waits_for_its_start(recognizer, recording):
    job = recognizer.submit(recording, "talk.wav", Settings(engine="light-damaged"), hold=True)
    until(lambda: job.duration)
    assert (job.stage, job.length) == ("held", pytest.approx(36.0))
    after = finished(recognizer.submit(recording, "next.wav", NO_CHOICE))
    assert after.stage == "done"
    recognizer.release(job, NO_CHOICE, Clip(0.0, 10.0))
    assert finished(job).stage == "done"
    assert job.length == 10.0
    assert len(job.segments) == 3
    assert job.transcript.notes == ("Only a part was heard: 0:00 to 0:10.",)


def test_what_waits_and_is_no_recording_fails_at_once(recognizer, recording):
    running = recognizer.submit(recording, "talk.wav", Settings(engine="light-slow"))
    waiting = recognizer.submit(recording, "next.wav", NO_CHOICE)
    broken = recognizer.submit(b"this is no sound" * 99, "notes.wav", NO_CHOICE)
    assert finished(broken).stage == "failed"
    assert "notes.wav" in broken.error
    assert running.running
    assert waiting.running
    assert finished(waiting).stage == "done"


def test_a_part_has_the_times_of_the_whole_and_a_fraction_of_its_own(recognizer, recording):
    slow, part = Settings(engine="light-slow"), Clip(9.0, 27.0)
    job = recognizer.submit(recording, "talk.wav", slow, part)
    until(lambda: job.segments)
    assert job.fraction < 0.5
    assert finished(job).length == 18.0
    assert job.segments[0].start == pytest.approx(9.0, abs=0.3)
    assert len(job.segments) == 4


def test_a_passage_is_heard_again_while_another_recording_runs(recognizer, recording):
    job = recognizer.submit(recording, "talk.wav", Settings(engine="light-slow"))
    until(lambda: job.segments)
    again = recognizer.hear_again(
        recording, "other.wav", replace(NO_CHOICE, language="zh"), Clip(4.3, 6.2)
    )
    found = again.result(PATIENCE)
    assert job.running
    assert [segment.language for segment in found.segments] == ["zh"]
    assert found.segments[0].start == pytest.approx(4.5, abs=0.3)
    assert finished(job).stage == "done"
    assert len(job.segments) == 8


def test_words_are_aligned_when_the_worker_is_idle(recognizer, recording):
    asked = recognizer.align(recording, "talk.wav", NO_CHOICE, Clip(4.3, 6.2), "two words", "en")
    found = asked.result(PATIENCE)
    assert [word.text for word in found.words] == ["two", "words"]
    assert found.words[0].end == found.words[1].start == pytest.approx(5.3, abs=0.3)
    silent = recognizer.align(recording, "talk.wav", NO_CHOICE, Clip(2.0, 4.0), "nothing", "en")
    assert silent.result(PATIENCE) is None


def test_an_errand_that_fails_is_a_sentence_and_the_worker_goes_on(recognizer, recording):
    asked = recognizer.hear_again(b"this is no sound" * 99, "notes.wav", NO_CHOICE, Clip(0, 1))
    with pytest.raises(AsrError, match=r"notes\.wav"):
        asked.result(PATIENCE)
    assert finished(recognizer.submit(recording, "talk.wav", NO_CHOICE)).stage == "done"


def test_an_errand_whose_worker_dies_has_an_answer_all_the_same(recognizer, recording):
    job = recognizer.submit(recording, "talk.wav", Settings(engine="light-stuck"))
    until(lambda: job.segments)
    asked = recognizer.align(recording, "talk.wav", NO_CHOICE, Clip(4.3, 6.2), "two", "en")
    job.cancel()
    error = asked.exception(PATIENCE)
    assert error is None or "stopped in the middle" in str(error)  # None: by the next worker
    assert finished(recognizer.submit(recording, "talk.wav", NO_CHOICE)).stage == "done"


def test_a_worker_ended_just_after_it_obeyed_takes_no_answer_with_it(recording, monkeypatch):
    """The time to obey may be up in the moment of the last word, with a question still open."""

    def followed(job, process, errands):
        end = escort(job, process, errands)
        process.kill()
        return end

    recognizer = Recognizer(loader="light_engine:load")
    try:
        monkeypatch.setattr("asr_core.jobs.recognizer.GRACE_S", PATIENCE)
        monkeypatch.setattr("asr_core.jobs.recognizer.escort", followed)
        first = recognizer.submit(recording, "talk.wav", Settings(engine="light-slow"))
        until(lambda: first.segments)
        second = recognizer.submit(recording, "talk.wav", NO_CHOICE)  # its length is asked for
        first.cancel()  # it obeys before it answers
        assert finished(first).stage == "cancelled"
        assert finished(second).stage == "done"
    finally:
        recognizer.close()


def test_a_worker_that_is_unfit_gets_no_job_until_it_was_checked_again(recording):
    recognizer = Recognizer(loader="light_engine:load")
    try:
        recognizer.prepare(Settings(engine="light-damaged"))
        assert recognizer.readiness.stage == "preparing"
        job = recognizer.submit(recording, "talk.wav", NO_CHOICE)
        until(lambda: recognizer.readiness.stage == "failed")
        assert recognizer.readiness.error == "The model file is damaged. Get it again."
        assert not job.wait(0.2)
        assert job.stage == "waiting"
        recognizer.prepare(NO_CHOICE)
        assert finished(job).stage == "done"
        assert recognizer.readiness == Readiness("ready")
    finally:
        recognizer.close()


def test_a_worker_ended_while_it_is_checked_is_replaced_once_and_nobody_has_to_ask():
    recognizer = Recognizer(loader="light_engine:load")
    try:
        recognizer.prepare(Settings(engine="light-loads-for-ever"))
        for n_workers in (1, 2):
            n_pids = 1 + n_workers  # this process is among them
            until(lambda n=n_pids: len(recognizer._pids) == n and recognizer._errands.open)
            assert recognizer.readiness.stage == "preparing"
            os.kill(recognizer._process.pid, signal.SIGKILL)
        until(lambda: recognizer.readiness.stage == "failed")
        assert "stopped in the middle" in recognizer.readiness.error
        recognizer.prepare(NO_CHOICE)
        until(lambda: recognizer.readiness.stage == "ready")
    finally:
        recognizer.close()


def test_the_expected_time_is_measured_and_learned_from_runs(recording, tmp_path):
    experience = Experience(tmp_path / "speed.json")
    recognizer = Recognizer(experience=experience, loader="light_engine:load")
    try:
        assert recognizer.expected(NO_CHOICE, 60.0) is None
        recognizer.prepare(NO_CHOICE)
        until(lambda: recognizer.expected(NO_CHOICE, 60.0))
        assert recognizer.expected(NO_CHOICE, 60.0) == pytest.approx(6.0)
        held = recognizer.submit(recording, "talk.wav", NO_CHOICE, Clip(0, 12), hold=True)
        until(lambda: held.length)
        assert recognizer.remaining(held) == pytest.approx(1.2)
        held.cancel()
        assert recognizer.remaining(held) is None
        finished(recognizer.submit(recording, "talk.wav", Settings(engine="light-slow")))
        slow = Settings(engine="light-slow")
        until(lambda: experience.ratio(slow) != 1.0 or experience.ratio(NO_CHOICE) != 1.0)
    finally:
        recognizer.close()


def test_a_prepared_worker_has_loaded_once_when_the_first_job_comes(recording):
    recognizer = Recognizer(loader="light_engine:load")
    try:
        recognizer.prepare(NO_CHOICE)
        job = finished(recognizer.submit(recording, "talk.wav", NO_CHOICE))
        assert job.segments[0].text.startswith("loads 1 ")
    finally:
        recognizer.close()


PARENT = """
import sys, time
sys.path[:0] = sys.argv[1:]
from voice import conversation
from waiting import PATIENCE, finished, until

from asr_core.jobs import Recognizer
from asr_core.settings import Settings
recognizer = Recognizer(loader="light_engine:load")
job = recognizer.submit(conversation(3), "talk.wav", Settings(engine="light-stuck"))
while not job.segments:
    time.sleep(0.01)
print(job.segments[0].text, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_worker_is_gone_a_second_after_its_parent_was_killed():
    paths = [str(LIGHT), str(LIGHT.parents[1])]
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *paths], stdout=subprocess.PIPE)
    with parent:
        worker = int(parent.stdout.readline().split()[3])
        assert is_alive(worker)
        parent.kill()
    end = time.monotonic() + 1.0
    while is_alive(worker) and time.monotonic() < end:
        time.sleep(0.01)
    assert not is_alive(worker)


def test_a_worker_that_is_being_ended_is_not_taken_for_a_living_one():
    process = WorkerProcess("light_engine:load")
    assert process.alive
    process.kill()
    assert not process.alive  # at once, though the system may still be at it
    process.close()
