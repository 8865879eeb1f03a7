"""Nothing left: after a run, look where audio could have stayed.

How it tells our leftovers from what other programs put there:

- Temporary files: `mark_temporary_files` gives everything our processes make with Python's
  `tempfile` a name with the process's number in it. Only names with such a number count.
- Open files (Linux): only our own processes are looked at, and only files in temporary folders
  that are open for writing and were not before the run. This finds files without a name, too. Into
  the worker only a privileged user's program can look; it is kept from writing by the kernel.
- Shared memory (Linux): only blocks that were not there before the run, belong to this user, carry
  a name Python or torch gives, and are not in use by a process that is not ours.
- Memory: what the recognizer and the page say that they still hold; they count living objects.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_MARK = "sottovoce-"
_SHARED_MEMORY = Path("/dev/shm")
_BLOCK_NAMES = ("psm_", "sem.mp-", "torch_", _MARK)
_PROCESSES = Path("/proc")

_Identity = tuple[int, int]  # device and inode: the same file under any name


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a run dropped, and what a search for leftovers found afterwards."""

    bytes_removed: int
    bytes_left: int
    checked_at: datetime  # with time zone
    findings: tuple[str, ...]  # a sentence for each leftover

    @property
    def clean(self) -> bool:
        """True when nothing was found."""
        return not self.bytes_left and not self.findings


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was there before a run and therefore is not its leftover."""

    shared_memory: frozenset[str]
    open_files: frozenset[_Identity]


def mark_temporary_files() -> None:
    """Let the temporary files of this process carry its number from now on."""
    tempfile.template = f"{_MARK}{os.getpid()}-"


def snapshot(pids: Iterable[int]) -> Snapshot:
    """What our processes `pids` have open and what shared memory there is, now."""
    return Snapshot(
        frozenset(path.name for path in _listed(_SHARED_MEMORY)),
        frozenset(identity for identity, _ in _open_files(pids)),
    )


def check(
    before: Snapshot,
    pids: Iterable[int],
    *,
    bytes_removed: int = 0,
    held: Mapping[str, int] | None = None,
) -> Receipt:
    """Look for leftovers of a run.

    Args:
        before: taken before the run.
        pids: all processes of ours that had to do with it, living or not.
        bytes_removed: bytes of audio that the run had and dropped.
        held: bytes of audio still in memory, by who holds them: {"The page": 0}.
    """
    pids = frozenset(pids)
    findings, left = [], 0
    for holder, size in (held or {}).items():
        if size:
            findings.append(f"{holder} still holds {_said(size)} of audio in memory.")
            left += size
    seen: set[_Identity] = set()
    for path in marked_files(pids):
        identity, size = _measured(path)
        seen.add(identity)
        findings.append(f"The temporary file {path.name} is left ({_said(size)}).")
        left += size
    for path in _new_blocks(before, pids):
        identity, size = _measured(path)
        if identity not in seen:
            seen.add(identity)
            findings.append(f"The shared memory {path.name} is left ({_said(size)}).")
            left += size
    for identity, size in _open_files(pids):
        if identity not in before.open_files | seen and size:
            seen.add(identity)
            findings.append(f"A temporary file is still open ({_said(size)}).")
            left += size
    return Receipt(bytes_removed, left, datetime.now().astimezone(), tuple(findings))


def marked_files(pids: Iterable[int] | None = None) -> list[Path]:
    """Temporary files and folders our processes `pids` made; of any Sottovoce process if None."""
    marks = (_MARK,) if pids is None else tuple(f"{_MARK}{pid}-" for pid in pids)
    return [
        path for folder in _folders() for path in _listed(folder) if path.name.startswith(marks)
    ]


def left_behind() -> list[Path]:
    """Temporary files of Sottovoce processes that run no more: what a killed one may have left."""
    return [path for path in marked_files() if not _is_running(_owner(path))]


def _owner(path: Path) -> int | None:
    """The number of the process that made a marked file; None for a name without one."""
    number = path.name.removeprefix(_MARK).partition("-")[0]
    return int(number) if number.isdecimal() and len(number) < 10 else None


def _is_running(pid: int | None) -> bool:
    import psutil  # here, since the worker's start should not wait for it

    return pid is None or psutil.pid_exists(pid)


def _folders() -> list[Path]:
    """The folders where temporary files are made, each once."""
    usual = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"), _SHARED_MEMORY]
    return list(dict.fromkeys(folder.resolve() for folder in usual if folder.is_dir()))


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _measured(path: Path) -> tuple[_Identity, int]:
    """Who a file is, and the bytes in it (in a folder: in all below)."""
    try:
        info = path.lstat()
        if not stat.S_ISDIR(info.st_mode):
            return (info.st_dev, info.st_ino), info.st_size
        size = sum(below.lstat().st_size for below in path.rglob("*") if below.is_file())
    except OSError:  # it went away meanwhile
        return (0, 0), 0
    return (info.st_dev, info.st_ino), size


def _open_files(pids: Iterable[int]) -> Iterator[tuple[_Identity, int]]:
    """Files in temporary folders that `pids` have open for writing, and their sizes; Linux only."""
    folders = tuple(f"{folder}/" for folder in _folders())
    for pid in pids:
        for link in _listed(_PROCESSES / str(pid) / "fd"):
            with suppress(OSError, ValueError):
                if not os.readlink(link).startswith(folders) or not _is_writable(pid, link.name):
                    continue
                info = link.stat()
                if stat.S_ISREG(info.st_mode):
                    yield (info.st_dev, info.st_ino), info.st_size


def _is_writable(pid: int, descriptor: str) -> bool:
    for line in (_PROCESSES / str(pid) / "fdinfo" / descriptor).read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "flags":
            return int(value, 8) & os.O_ACCMODE != os.O_RDONLY
    return False


def _new_blocks(before: Snapshot, pids: frozenset[int]) -> Iterator[Path]:
    for path in _listed(_SHARED_MEMORY):
        if path.name in before.shared_memory or not path.name.startswith(_BLOCK_NAMES):
            continue
        with suppress(OSError):
            if path.stat().st_uid == os.getuid() and not _used_by_others(path, pids):
                yield path


def _used_by_others(path: Path, pids: frozenset[int]) -> bool:
    for process in _listed(_PROCESSES):
        if process.name.isdigit() and int(process.name) not in pids:
            with suppress(OSError):  # gone, or another user's, who cannot use our blocks
                if str(path) in (process / "maps").read_text(errors="replace"):
                    return True
    return False


def _said(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
