"""The line of jobs: in order, unless somebody changes it."""

import pytest

from asr_core.jobs.job import Job
from asr_core.jobs.line import Line
from asr_core.privacy.receipt import snapshot
from asr_core.settings import Settings


@pytest.fixture
def jobs():
    before = snapshot(())
    return [Job(memoryview(b""), f"{i}.wav", Settings(), before, lambda job: None) for i in "abc"]


@pytest.fixture
def line(jobs):
    line = Line()
    assert [line.add(job) for job in jobs] == [False, True, True]
    return line


def test_the_first_that_waits_begins(line, jobs):
    assert line.begin() is jobs[0]
    assert (line.current, jobs[0].stage) == (jobs[0], "loading")
    line.finish(jobs[0])
    assert line.begin() is jobs[1]


def test_one_that_is_held_is_passed_by_and_nobody_waits_for_it(line, jobs):
    jobs[0].enter("held")
    assert line.ahead_of(jobs[2]) == 1
    assert line.begin() is jobs[1]
    assert line.waiting() == [jobs[2]]


def test_those_that_wait_change_places(line, jobs):
    line.move(jobs[2], jobs[0])
    assert list(line) == [jobs[2], jobs[0], jobs[1]]
    line.begin()
    line.move(jobs[1], jobs[2])  # which has begun
    assert list(line) == [jobs[2], jobs[0], jobs[1]]


def test_only_what_has_not_begun_can_leave(line, jobs):
    line.begin()
    assert not line.leave(jobs[0])
    assert line.leave(jobs[1])
    assert not line.leave(jobs[1])
    assert list(line) == [jobs[0], jobs[2]]
