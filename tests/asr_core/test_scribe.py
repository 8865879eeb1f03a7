"""The helper that writes growing files: on the disk when it answers, whole or not at all."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from asr_core.children import command
from asr_core.errors import AsrError
from asr_core.scribe import Scribe, ScribeEndedError, is_written

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def scribe():
    made = Scribe()
    yield made
    made.end()


def test_a_file_grows_and_nobody_else_may_read_it(scribe, tmp_path):
    path = tmp_path / "autosave" / "a.journal"
    scribe.append(path, b"one ")
    assert path.read_bytes() == b"one "
    scribe.append(path, b"two")
    assert path.read_bytes() == b"one two"
    if os.name != "nt":
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_it_is_known_to_be_written_until_it_is_left(scribe, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    scribe.append(one, b"x")
    scribe.append(other, b"x")
    assert is_written(one)
    scribe.leave(one)
    assert not is_written(one)
    assert is_written(other)
    scribe.end()
    assert not is_written(other)


def test_a_deleted_file_is_gone_whoever_began_it(scribe, tmp_path):
    mine, other = tmp_path / "mine", tmp_path / "other"
    scribe.append(mine, b"x")
    other.write_bytes(b"x")
    for path in (mine, other, tmp_path / "never"):
        scribe.delete(path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_there_before_is_not_touched(scribe, tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(AsrError, match=r"The text cannot be autosaved: .*\."):
        scribe.append(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_folder_that_cannot_be_made_is_a_sentence(scribe, tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(AsrError, match=r"cannot be autosaved: the system refused it\."):
        scribe.append(tmp_path / "a" / "b", b"x")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of files")
def test_a_disk_that_takes_no_more_leaves_whole_records_only(tmp_path):
    program = f"""
import resource, sys
from pathlib import Path
from asr_core.errors import AsrError
from asr_core.scribe import Scribe
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
scribe, path = Scribe(), Path({str(tmp_path / "a")!r})
scribe.append(path, b"12345678")
for data in (b"abcdef", b"ij"):
    try:
        scribe.append(path, data)
    except AsrError as error:
        print(error)
try:
    scribe.append(path.with_name("b"), b"x" * 20)
except AsrError as error:
    print(error)
scribe.end()
"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    assert run.stderr == ""
    assert run.stdout.count("larger than allowed. It is still on this page.") == 2
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"12345678ij"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot forbid files")
def test_a_process_that_may_not_write_has_it_write_with_the_guard_standing(tmp_path):
    program = f"""
from pathlib import Path
from asr_core import limits
from asr_core.privacy import guard
from asr_core.scribe import Scribe
guard.stand()
limits.forbid_files()
scribe = Scribe()
scribe.append(Path({str(tmp_path / "a")!r}), b"written")
scribe.end()
print(guard.refused(), limits.files_forbidden())
"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    assert (run.stdout, run.stderr) == ("{} True\n", "")
    assert (tmp_path / "a").read_bytes() == b"written"


def test_a_scribe_that_was_killed_is_an_error_of_its_own(scribe, tmp_path):
    scribe.append(tmp_path / "a", b"x")
    scribe._popen.kill()
    with pytest.raises(ScribeEndedError):
        scribe.append(tmp_path / "a", b"y")
    scribe._popen.wait()
    assert not is_written(tmp_path / "a")


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
def test_it_does_what_is_in_the_pipe_when_its_parent_is_gone_and_no_half_of_it(tmp_path):
    scribe = subprocess.Popen(
        command("asr_core.scribe"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    order = {"do": "append", "path": str(tmp_path / "a"), "n_bytes": 3}
    said = json.dumps(order).encode() + b"\n"
    scribe.stdin.write(said + b"one")
    scribe.stdin.flush()
    assert scribe.stdout.readline() == b'{"why": null}\n'
    scribe.stdin.write(said + b"two" + said + b"t")
    scribe.stdin.flush()
    scribe.stdout.close()  # nobody listens any more
    scribe.send_signal(signal.SIGINT)  # as Ctrl+C reaches all processes of a terminal
    scribe.stdin.close()
    assert scribe.wait(20) == 0
    assert (tmp_path / "a").read_bytes() == b"onetwo"
