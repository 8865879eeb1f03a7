"""Progress and text: apart in files, together on a terminal."""

import io
import sys

import pytest

from asr_core.cli.console import Console, told
from asr_core.errors import AsrError
from asr_core.pace import Pace


class Screen(io.StringIO):
    """A stream that says whether it is a terminal."""

    def __init__(self, is_terminal):
        super().__init__()
        self.isatty = lambda: is_terminal


@pytest.fixture
def console_on(monkeypatch):
    def make(out_is_terminal, err_is_terminal):
        out = Screen(out_is_terminal)
        err = out if out_is_terminal and err_is_terminal else Screen(err_is_terminal)
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        console = Console()
        console._last -= 1000.0  # the next progress is due
        return console, out, err

    return make


def half_done():
    pace = Pace()
    pace.report(30.0, 60.0)
    return pace


def test_into_a_file_goes_the_text_alone(console_on):
    console, out, err = console_on(False, False)
    console.text("Hello")
    console.progress("talk.mp3", half_done())
    console.text(" there.")
    console.end_text()
    assert out.getvalue() == "Hello there.\n"
    assert err.getvalue() == "talk.mp3: 50% of 1:00\n"


def test_in_a_log_progress_is_sparse(console_on):
    console, _, err = console_on(False, False)
    for _ in range(100):
        console.progress("talk.mp3", half_done())
    assert err.getvalue().count("\n") == 1


def test_on_a_terminal_one_line_is_redrawn(console_on):
    console, _, err = console_on(False, True)
    console.progress("talk.mp3", half_done())
    console.say("done")
    line = "talk.mp3: 50% of 1:00"
    assert err.getvalue() == f"{line}\r{' ' * len(line)}\rdone\n"


def test_text_and_progress_on_one_terminal_do_not_mix(console_on):
    console, screen, _ = console_on(True, True)
    for piece in ("One.", " Two.", "\n\nThree.", "\n"):
        console._last -= 1000.0
        console.progress("a", half_done())
        console.text(piece)
    visible = [line.rpartition("\r")[2] for line in screen.getvalue().split("\n")]
    assert visible == ["One.", "Two.", "", "Three.", ""]


def test_a_long_name_does_not_break_the_line(console_on, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    console, _, err = console_on(False, True)
    console.progress("会议" * 40, half_done())
    assert err.getvalue().endswith("50% of 1:00")
    assert len(err.getvalue().encode("gbk")) <= 39


def test_only_our_own_errors_are_told_in_full():
    assert told(AsrError("Do this.")) == "Do this."
    assert "secret" not in told(ValueError("secret"))
    assert "ValueError" in told(ValueError("secret"))
    assert "memory" in told(MemoryError())
