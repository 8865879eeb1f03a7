"""The helper that writes growing files for a process whose kernel limits forbid it to.

It gets orders by a pipe and answers each once it is done, so a record it has answered for is on the
disk. What it is given is encrypted already: it knows no text and no key. When its parent is gone,
however that came about, it does what was still in the pipe, and ends.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from asr_core import limits
from asr_core.children import command
from asr_core.errors import AsrError
from asr_core.saving import reason, sync_folder

_AFAR = 1 << 40  # the byte that is locked on Windows, where a locked byte cannot be read


class ScribeEndedError(AsrError):
    """The helper ended; what it had been writing is written by nobody any more."""


class Scribe:
    """The helper, as its parent sees it. One thread uses it; any may `end` it."""

    def __init__(self) -> None:
        self._popen = subprocess.Popen(
            command("asr_core.scribe"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def append(self, path: Path, data: bytes) -> None:
        """Add `data` to a file, which is made, readable by this user alone, if it is new to us.

        Returns when it is on the disk. It is written whole or not at all.

        Raises:
            AsrError: it cannot be written.
            ScribeEndedError: the helper ended.
        """
        why = self._ask({"do": "append", "path": str(path), "n_bytes": len(data)}, data)
        if why is not None:
            raise AsrError(f"The text cannot be autosaved: {why}. It is still on this page.")

    def leave(self, path: Path) -> None:
        """Write no more into a file; others may read it from now on."""
        self._ask({"do": "leave", "path": str(path)})

    def delete(self, path: Path) -> None:
        """Delete a file, whoever began it.

        Raises:
            AsrError: the system refuses it.
            ScribeEndedError: the helper ended.
        """
        why = self._ask({"do": "delete", "path": str(path)})
        if why is not None:
            raise AsrError(f"The autosaved text was not deleted: {why}. Delete {path} yourself.")

    def end(self, patience_s: float = 5.0) -> None:
        """Let the helper end; files stay as they are."""
        with suppress(OSError):
            self._pipe(self._popen.stdin).close()
        try:
            self._popen.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._pipe(self._popen.stdout).close()

    def _ask(self, order: dict[str, str | int], data: bytes = b"") -> str | None:
        """Give an order and wait until it is done; why it could not be done, if so."""
        try:
            stdin = self._pipe(self._popen.stdin)
            stdin.write(json.dumps(order).encode() + b"\n" + data)
            stdin.flush()
            return json.loads(self._pipe(self._popen.stdout).readline())["why"]
        except (OSError, ValueError):
            raise ScribeEndedError("The helper that autosaves ended; it is started anew.") from None

    @staticmethod
    def _pipe(stream: object) -> BinaryIO:
        assert stream is not None
        return stream  # type: ignore[return-value]


def is_written(path: Path) -> bool:
    """Whether some scribe writes this file at the moment."""
    try:
        with path.open("rb") as file:
            _lock(file.fileno())  # let go with the file
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def main() -> None:
    """The helper: do one order after the other until the parent is gone."""
    limits.hide_memory()
    limits.allow_files()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to hear
    files: dict[str, int] = {}
    doing: dict[str, Callable[[dict[str, int], str, bytes], None]] = {
        "append": _append,
        "leave": _leave,
        "delete": _delete,
    }
    while line := sys.stdin.buffer.readline():
        order = json.loads(line)
        data = sys.stdin.buffer.read(order.get("n_bytes", 0))
        if len(data) < order.get("n_bytes", 0):
            break  # the parent ended in the middle of a word
        why = None
        try:
            doing[order["do"]](files, order["path"], data)
        except (OSError, ValueError) as refusal:
            why = reason(refusal)
        with suppress(OSError):  # nobody listens any more; what is left is done all the same
            os.write(1, json.dumps({"why": why}).encode() + b"\n")


def _append(files: dict[str, int], path: str, data: bytes) -> None:
    is_new = path not in files
    if is_new:
        files[path] = _made(Path(path))
    size = os.fstat(files[path]).st_size
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(files[path], rest) :]
        os.fsync(files[path])
    except OSError:
        with suppress(OSError):
            os.ftruncate(files[path], size)
        if is_new:
            _delete(files, path, b"")
        raise
    if is_new:
        sync_folder(Path(path).parent)


def _made(path: Path) -> int:
    """A new file, for this user alone, and locked."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    binary = getattr(os, "O_BINARY", 0)  # of Windows, which would change the ends of lines
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | binary
    descriptor = os.open(path, flags, 0o600)
    with suppress(OSError):  # some network disks know no locks
        _lock(descriptor, wait=True)  # somebody may just look whether it is locked
    return descriptor


def _leave(files: dict[str, int], path: str, data: bytes) -> None:
    if path in files:
        os.close(files.pop(path))


def _delete(files: dict[str, int], path: str, data: bytes) -> None:
    _leave(files, path, data)
    Path(path).unlink(missing_ok=True)


def _lock(descriptor: int, wait: bool = False) -> None:
    """Lock a file until it is closed; BlockingIOError if somebody else has, and goes on to."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, _AFAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except PermissionError:
            raise BlockingIOError from None
        return
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
