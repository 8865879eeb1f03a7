"""Recordings are handed out with their digest, and every attempt at one is on the disk."""

import hashlib
import json
import os
import stat

import pytest

from asr_core.batch import Input
from asr_core.batch.desk import ATTEMPTS, Attempts, Desk, Handed

SHA256 = hashlib.sha256(b"sound").hexdigest()


@pytest.fixture
def talk(tmp_path):
    (tmp_path / "talk.wav").write_bytes(b"sound")
    return Input(tmp_path / "talk.wav", "of a day/talk.wav", 5)


def test_a_recording_comes_with_its_bytes_and_their_digest(talk, tmp_path):
    desk = Desk([talk], [""], tmp_path / "out")
    assert desk.take(0) == Handed("of a day/talk.wav", SHA256, b"sound")


def test_what_is_finished_and_unchanged_is_not_handed_out_nor_counted(talk, tmp_path):
    assert Desk([talk], [SHA256], tmp_path).take(0) == Handed(talk.name, SHA256)
    assert not (tmp_path / ATTEMPTS).exists()
    talk.path.write_bytes(b"other sound")
    assert Desk([talk], [SHA256], tmp_path).take(0).data == b"other sound"


def test_the_third_time_it_is_left_out_and_the_next_recording_is_not(talk, tmp_path):
    same = Input(talk.path, "copy.wav", 5)
    desk = Desk([talk, same], ["", ""], tmp_path)
    assert [desk.take(0).data for _ in range(3)] == [b"sound", b"sound", None]
    assert "2 workers ended while they heard it" in (desk.take(0).error or "")
    assert desk.take(1).data == b"sound"


def test_one_that_cannot_be_read_is_said(tmp_path):
    desk = Desk([Input(tmp_path / "gone.wav", "gone.wav", 1)], [""], tmp_path)
    assert desk.take(0).error == f"'gone.wav' cannot be read: {os.strerror(2)}."


def test_a_crash_forgets_no_attempt(tmp_path):
    path = tmp_path / "new" / ATTEMPTS
    assert Attempts(path).begin("a", "1")
    with open(path, "a") as file:
        file.write('\n["b", "')  # the computer went down here
    again = Attempts(path)
    assert again.begin("a", "1")
    assert not again.begin("a", "1")
    assert not Attempts(path).begin("a", "1")
    assert Attempts(path).begin("a", "2")  # it was changed
    assert [json.loads(line) for line in path.read_text().splitlines() if line.endswith("]")] == [
        ["a", "1"],
        ["a", "1"],
        ["a", "2"],
    ]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600 or os.name == "nt"
