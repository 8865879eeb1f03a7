"""The receipt: it finds what our processes leave and blames nobody else's files."""

import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from multiprocessing import shared_memory

import pytest

from asr_core.privacy.receipt import (
    check,
    left_behind,
    mark_temporary_files,
    marked_files,
    snapshot,
)

US = [os.getpid()]

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc and /dev/shm")


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(tempfile, "template", tempfile.template)
    mark_temporary_files()


def test_where_nothing_is_left_nothing_is_found():
    receipt = check(snapshot(US), US, bytes_removed=5)
    assert receipt.clean
    assert (receipt.bytes_removed, receipt.bytes_left, receipt.findings) == (5, 0, ())
    assert abs(datetime.now().astimezone() - receipt.checked_at) < timedelta(seconds=5)


def test_a_temporary_file_of_ours_is_found():
    before = snapshot(US)
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(b"sound" * 1000)
    receipt = check(before, US)
    assert receipt.bytes_left == 5000
    assert receipt.findings == (
        f"The temporary file {os.path.basename(file.name)} is left (5.0 kB).",
    )


def test_a_temporary_folder_of_ours_is_found_with_all_in_it(tmp_path):
    folder = tempfile.mkdtemp()
    with open(os.path.join(folder, "a.wav"), "wb") as file:
        file.write(b"x" * 77)
    assert check(snapshot(US), US).bytes_left == 77


@linux_only
def test_a_file_without_a_name_is_found_while_it_is_open():
    before = snapshot(US)
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(b"sound" * 1000)
        receipt = check(before, US)
        assert receipt.bytes_left == 5000
        assert receipt.findings == ("A temporary file is still open (5.0 kB).",)
        assert check(snapshot(US), US).clean  # it was open before, so it is not this run's
    assert check(before, US).clean


@linux_only
def test_a_block_of_shared_memory_is_found_until_it_is_gone():
    before = snapshot(US)
    block = shared_memory.SharedMemory(create=True, size=4096)
    try:
        receipt = check(before, US)
        assert receipt.bytes_left == 4096
        assert block.name in receipt.findings[0]
    finally:
        block.close()
        block.unlink()
    assert check(before, US).clean


OTHER = """
import sys, tempfile
from multiprocessing import shared_memory
block = shared_memory.SharedMemory(create=True, size=4096)
with tempfile.NamedTemporaryFile(dir=sys.argv[1], delete=False) as file:
    file.write(b"theirs")
    file.flush()
    print("ready", flush=True)
    sys.stdin.readline()
block.close()
block.unlink()
"""


@linux_only
def test_what_another_program_does_meanwhile_is_not_our_leftover(tmp_path):
    before = snapshot(US)
    command = [sys.executable, "-c", OTHER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"ready\n"
        assert check(before, US).clean
        assert not check(before, [*US, other.pid]).clean  # were it ours, it would be found
        other.communicate(b"\n")
    assert check(before, US).clean


def test_what_somebody_still_holds_in_memory_is_counted():
    held = {"The recognizer": 0, "The page": 3_200_000}
    receipt = check(snapshot(US), US, held=held)
    assert receipt.bytes_left == 3_200_000
    assert receipt.findings == ("The page still holds 3.2 MB of audio in memory.",)


def test_files_of_every_sottovoce_process_can_be_listed(tmp_path):
    other = tmp_path / "sottovoce-1-abc"
    other.write_bytes(b"x")
    assert other.name in [path.name for path in marked_files()]
    assert check(snapshot(US), US).clean


def test_the_next_start_finds_what_a_killed_process_left_and_nothing_of_a_living_one(tmp_path):
    leave = "import sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
    leave += "from asr_core.privacy.receipt import mark_temporary_files as mark; mark()\n"
    leave += "print(tempfile.mkstemp()[1], flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", leave, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        path = other.stdout.readline().decode().strip()
        (tmp_path / "sottovoce-notes").touch()  # nobody's number is in it
        assert [str(path) for path in left_behind()] == []
        other.kill()
    assert [str(path) for path in left_behind()] == [path]
