"""The strict search: all folders lie on a small disk of their own, whose bytes are read in the end.

A file that was deleted, or never had a name, is found there too, if the system wrote it to the disk
before the kill; a `sync` in the middle of the job sees to that. Needs the rights to mount.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import traces
from household import Household
from marked_engine import LEAKS_UNSEEN
from visits import PHASES, VICTIMS, Visits, moments

pytestmark = [  # soaks, for the reason that test_kills.py gives
    pytest.mark.soak,
    pytest.mark.skipif(sys.platform != "linux", reason="mounts as Linux does"),
]

SIZE = 400 << 20  # bytes, of which the image takes what is written: Sottovoce wants 100 MB free


@contextmanager
def mounted(folder: Path):
    """A fresh ext4 disk at `folder`/disk, and the image it is kept in."""
    image, disk = folder / "image", folder / "disk"
    with image.open("wb") as file:
        file.truncate(SIZE)
    disk.mkdir()
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    made = subprocess.run(
        ["mount", "-o", "loop", image, disk], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"this machine lets nobody mount an image: {made.stderr.strip()}")
    try:
        yield image, disk
    finally:
        if os.path.ismount(disk):
            unmount(disk)


def unmount(disk: Path) -> None:
    """Let go of the disk; the last thread of a dead process may have to let go of it first."""
    end = time.monotonic() + 30.0
    while subprocess.run(["umount", disk], capture_output=True, check=False).returncode:
        assert time.monotonic() < end, "the disk stays in use"
        time.sleep(0.1)


@pytest.fixture(autouse=True)
def _may_mount():
    if os.geteuid() != 0:
        pytest.skip("mounting an image takes the rights of root")
    for program in ("mkfs.ext4", "mount", "umount"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")


def left_on_the_disk(folder: Path, moment, victim: str, engine: str = "marked") -> int:
    """How often marks are on the disk after a kill with a `sync` before and after it."""
    with mounted(folder) as (image, disk):
        household = Household(disk / "all", folder / "aside", engine=engine)
        try:
            visits = Visits(household)
            with visits.at(moment):
                if engine == LEAKS_UNSEEN:
                    household.until_told("leaked")
                subprocess.run(["sync", "-f", disk], check=True)
                found = household.strike(victim, ())
            assert found == []
        finally:
            household.close()
        subprocess.run(["sync", "-f", disk], check=True)
        unmount(disk)
        count = traces.count_in_image(image, visits.needles)
        image.unlink()
    return count


@pytest.mark.parametrize(
    ("phase", "number"),
    [(phase, i) for phase in PHASES for i in range(3)],
)
def test_nothing_is_on_the_disk(tmp_path, phase, number):
    moment = moments(phase, number + 1)[number]
    assert left_on_the_disk(tmp_path, moment, VICTIMS[number]) == 0


def test_a_deleted_leak_is_found_on_the_disk(tmp_path):
    """The control."""
    assert left_on_the_disk(tmp_path, moments("model", 1)[0], "both", LEAKS_UNSEEN) > 0
