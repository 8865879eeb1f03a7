"""Saving: the whole file or the old one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from asr_core import saving
from asr_core.errors import AsrError
from asr_core.saving import save_text

ROOT = Path(__file__).resolve().parents[2]


def test_the_text_is_there_as_utf8_and_no_draft_is_left(tmp_path):
    target = tmp_path / "talk.txt"
    target.write_text("old")
    save_text(target, "你好\nline\n")
    assert target.read_bytes() == "你好\nline\n".encode()
    assert os.listdir(tmp_path) == ["talk.txt"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_nobody_else_may_read_it(tmp_path):
    save_text(tmp_path / "talk.txt", "x")
    assert (tmp_path / "talk.txt").stat().st_mode & 0o077 == 0


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(AsrError, match=r"Cannot save 'a.txt' in .*: the folder does not exist\."):
        save_text(tmp_path / "gone" / "a.txt", "x")


def test_a_folder_as_target_is_a_sentence_and_stays(tmp_path):
    (tmp_path / "talk.txt").mkdir()
    with pytest.raises(AsrError, match="Cannot save"):
        save_text(tmp_path / "talk.txt", "x")
    assert os.listdir(tmp_path) == ["talk.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="sets a file size limit the kernel enforces")
def test_a_disk_that_takes_no_more_leaves_the_old_file(tmp_path):
    import resource

    target = tmp_path / "talk.txt"
    target.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(AsrError, match=r"talk\.txt.* larger than allowed. The file that"):
            save_text(target, "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["talk.txt"]


# Saves twice on a disk of one megabyte, of which the first text leaves too little for the second.
FULL_DISK = """
import os, sys
from pathlib import Path
from asr_core import limits
from asr_core.errors import AsrError
from asr_core.saving import save_text
if sys.argv[2] == "by the helper":
    limits.forbid_files()
target = Path(sys.argv[1], "talk.txt")
save_text(target, "old" * 200_000)
try:
    save_text(target, "new" * 200_000)
except AsrError as error:
    print(error)
assert target.read_text() == "old" * 200_000
print(os.listdir(target.parent))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a small disk of its own")
@pytest.mark.parametrize("who", ["by itself", "by the helper"])
def test_a_full_disk_is_a_sentence_and_leaves_the_old_file(tmp_path, who):
    mount = 'mount -t tmpfs -o size=1m none "$1" || exit 77; shift; exec "$@"'
    small_disk = ["unshare", "-rm", "sh", "-c", mount, "sh", str(tmp_path)]
    run = subprocess.run(
        [*small_disk, sys.executable, "-c", FULL_DISK, str(tmp_path), who],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    if run.returncode == 77 or "unshare" in run.stderr:
        pytest.skip("this system mounts nothing for us")
    assert run.stderr == ""
    sentence, left = run.stdout.splitlines()
    assert sentence.endswith(": the disk is full. The file that was there is unchanged.")
    assert left == "['talk.txt']"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_device_is_written_to_and_never_replaced():
    with pytest.raises(AsrError, match="Cannot save 'full' in /dev: the disk is full"):
        save_text(Path("/dev/full"), "x")
    assert Path("/dev/full").is_char_device()
    save_text(Path("/dev/null"), "x")
    assert Path("/dev/null").is_char_device()


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "talk.txt").symlink_to(tmp_path / "real" / "talk.txt")
    save_text(tmp_path / "talk.txt", "x")
    assert (tmp_path / "talk.txt").is_symlink()
    assert (tmp_path / "real" / "talk.txt").read_text() == "x"


# Saves, and is killed in the middle of it.
KILLED = """
import os, sys
from pathlib import Path
from asr_core.saving import save_text
def fsync(descriptor):
    print("in the middle", flush=True)
    sys.stdin.read()
os.fsync = fsync
save_text(Path(sys.argv[1], "talk.txt"), "new")
"""


def test_what_a_killed_save_left_goes_with_the_next_one_and_not_before_it_was_killed(tmp_path):
    target = tmp_path / "talk.txt"
    target.write_text("old")
    save = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    with save:
        assert save.stdout.readline() == b"in the middle\n"
        save_text(tmp_path / "other.txt", "x")
        drafts = {*os.listdir(tmp_path)} - {"talk.txt", "other.txt"}
        assert len(drafts) == 1  # it is being written
        assert all(name.startswith(".sottovoce-") and "talk" not in name for name in drafts)
        save.kill()
    assert drafts <= {*os.listdir(tmp_path)}
    assert target.read_text() == "old"
    save_text(tmp_path / "other.txt", "y")
    assert sorted(os.listdir(tmp_path)) == ["other.txt", "talk.txt"]


class SharingViolationError(PermissionError):
    """What Windows says of a file that another program looks at."""

    winerror = 32


def test_a_file_that_is_being_looked_at_is_tried_again(tmp_path, monkeypatch):
    refusals, replace = [SharingViolationError(13, "in use")] * 3, os.replace

    def refuse_at_first(draft, path):
        if refusals:
            raise refusals.pop()
        replace(draft, path)

    monkeypatch.setattr(os, "replace", refuse_at_first)
    monkeypatch.setattr(saving, "_PAUSE_S", 0.0)
    save_text(tmp_path / "talk.txt", "x")
    assert (tmp_path / "talk.txt").read_text() == "x"
    refusals += [SharingViolationError(13, "in use")] * 99
    with pytest.raises(AsrError, match="writing there is not allowed"):
        save_text(tmp_path / "talk.txt", "y")
    assert len(refusals) == 89
    assert os.listdir(tmp_path) == ["talk.txt"]


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot forbid files")
@pytest.mark.parametrize("folder", ["", "gone"])
def test_a_process_that_may_not_write_has_a_helper_save(tmp_path, folder):
    program = """
import sys
from pathlib import Path
from asr_core import limits
from asr_core.errors import AsrError
from asr_core.privacy import guard
from asr_core.saving import save_text
guard.stand()
limits.forbid_files()
target = Path(sys.argv[1])
try:
    save_text(target, "你好\\n")
except AsrError as error:
    print(error)
try:
    target.write_text("not by me")
except OSError:
    print("refused")
"""
    target = tmp_path / folder / "讲话.json"
    run = subprocess.run(
        [sys.executable, "-c", program, str(target)],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )
    assert run.stderr == ""
    if folder:
        assert run.stdout.startswith("Cannot save '讲话.json' in ")
        assert "the folder does not exist." in run.stdout
    else:
        assert run.stdout == "refused\n"  # opening it for writing had emptied it
        assert target.stat().st_mode & 0o077 == 0
    assert os.listdir(tmp_path) == ([] if folder else ["讲话.json"])
