"""Saving: the whole file or the old one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from asr_core.errors import AsrError
from asr_core.saving import save_text

ROOT = Path(__file__).resolve().parents[2]


def test_the_text_is_there_as_utf8_and_no_draft_is_left(tmp_path):
    target = tmp_path / "talk.txt"
    target.write_text("old")
    save_text(target, "你好\nline\n")
    assert target.read_bytes() == "你好\nline\n".encode()
    assert os.listdir(tmp_path) == ["talk.txt"]


def test_the_draft_of_a_process_that_is_gone_is_removed_and_no_other(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / f".sottovoce-{gone.pid}-0a1b2c3d4e5f.tmp").write_text("half a te")
    others = [f".sottovoce-{os.getpid()}-0a1b2c3d4e5f.tmp", ".sottovoce-mine.tmp", "notes.tmp"]
    for name in others:
        (tmp_path / name).touch()
    save_text(tmp_path / "talk.txt", "x")
    assert sorted(os.listdir(tmp_path)) == sorted([*others, "talk.txt"])


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
        with pytest.raises(AsrError, match=r"Cannot save 'talk\.txt'"):
            save_text(target, "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert target.read_text() == "old"
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
