"""The worker process asked to look at itself."""

import sys
import time

import pytest

from asr_core.jobs import Recognizer
from asr_core.jobs.process import WorkerProcess
from asr_core.settings import Settings


@pytest.fixture
def worker():
    worker = WorkerProcess("light_engine:load")
    yield worker
    worker.close()


def test_it_is_kept_in_from_its_first_line_on(worker):
    look = worker.look()
    assert look.kept_in
    assert look.refused == {}
    assert look.listening == ()
    if sys.platform != "win32":
        assert look.files_forbidden
        assert look.memory_hidden


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux offers an empty network")
def test_it_left_the_network_where_the_system_allows_it(worker, may_leave_network):
    assert worker.look().network_left is may_leave_network


def test_one_that_has_ended_does_not_answer(worker):
    worker.kill()
    assert worker.look() is None


def test_it_answers_while_it_works_and_counts_what_was_refused():
    from voice import conversation

    recognizer = Recognizer(loader="light_engine:load")
    try:
        assert recognizer.look() is None  # it has not started yet
        job = recognizer.submit(conversation(8), "talk.wav", Settings(engine="light-slow"))
        while not job.segments:
            time.sleep(0.01)
        assert job.running
        assert recognizer.look().kept_in
        assert job.wait(60)
        assert job.stage == "done"
    finally:
        recognizer.close()
