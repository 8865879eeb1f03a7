"""The mark of a page that is being served, and what the next one makes of it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ui_components import last_time

PROGRAM = """
from ui_components import last_time
with last_time.serving():
    print(last_time.was_cut_off(), flush=True)
    input()
"""


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Starts a process that serves; gives it and what it says of the one before."""
    monkeypatch.setattr(last_time, "settings_file", lambda: tmp_path / "sottovoce" / "a.json")
    started = []

    def serve():
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": os.getcwd()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, process.stdout.readline() == "True\n"

    yield serve
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="says where settings are as Linux does")
def test_only_one_that_could_not_say_goodbye_is_told_of(serve, tmp_path):
    folder = tmp_path / "sottovoce"
    closed, was_cut_off = serve()
    assert not was_cut_off
    (mark,) = folder.iterdir()
    assert mark.stat().st_size == 0
    killed, was_cut_off = serve()  # while the other is being served
    assert not was_cut_off
    closed.communicate("\n")
    killed.kill()
    killed.wait()
    assert len([*folder.iterdir()]) == 1
    after, was_cut_off = serve()
    assert was_cut_off
    after.communicate("\n")
    assert [*folder.iterdir()] == []
    assert not serve()[1]


def test_a_home_that_cannot_be_written_is_no_obstacle(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(last_time, "settings_file", lambda: tmp_path / "file" / "x" / "a.json")
    with last_time.serving():
        pass
    assert not last_time.was_cut_off()
