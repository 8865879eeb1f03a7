"""Threads give way to other programs and come back."""

import subprocess
import sys
import time

import psutil
import pytest
import torch

from asr_core import threads
from asr_core.threads import beside_others


@pytest.fixture
def used(monkeypatch):
    """What others use: seconds of cores, and a clock; both as the test sets them."""
    now = {"time": 100.0, "others": 7.0}
    monkeypatch.setattr(threads.time, "monotonic", lambda: now["time"])
    monkeypatch.setattr(threads, "_used_by_others", lambda: now["others"])
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 4)
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield now
    torch.set_num_threads(before)


def test_cores_that_others_use_are_left_to_them(used):
    found = []
    pieces = iter(beside_others(range(7)))
    for others in (0.0, 0.2, 1.1, 3.0, 9.0, 0.0):  # cores, over a second
        next(pieces)
        found.append(torch.get_num_threads())
        used["time"] += 1.0
        used["others"] += others
    next(pieces)
    found.append(torch.get_num_threads())
    assert found == [4, 4, 4, 3, 1, 1, 4]


def test_a_look_too_soon_changes_nothing(used):
    pieces = iter(beside_others(range(2)))
    next(pieces)
    used["time"] += 0.01
    used["others"] += 1.0
    next(pieces)
    assert torch.get_num_threads() == 4


def test_afterwards_all_threads_are_back_even_when_the_work_is_given_up(used):
    pieces = beside_others(range(9))
    next(pieces)
    used["time"] += 1.0
    used["others"] += 3.0
    next(pieces)
    assert torch.get_num_threads() == 1
    pieces.close()
    assert torch.get_num_threads() == 4


def busy():
    now = psutil.cpu_times()
    return sum(getattr(now, kind, 0.0) for kind in threads._BUSY)


def test_another_program_at_work_is_noticed_and_the_own_is_not():
    def used(seconds):
        before, start = threads._used_by_others(), time.monotonic()
        while time.monotonic() - start < seconds:
            pass
        return threads._used_by_others() - before

    beside = [sys.executable, "-c", "while True: pass"]
    with subprocess.Popen(beside) as other:
        try:
            time.sleep(0.5)
            own = psutil.Process(other.pid).cpu_times().user
            found = used(1.0)
            spent = psutil.Process(other.pid).cpu_times().user - own
        finally:
            other.kill()
    assert found >= 0.8 * spent > 0.1
    all_before, own_before = busy(), psutil.Process().cpu_times().user
    found = used(1.0)  # its loop is no other program
    spent = psutil.Process().cpu_times().user - own_before
    assert found <= busy() - all_before - 0.8 * spent + 0.1
