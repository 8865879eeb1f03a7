"""Where a recording's bytes come from: memory, a regular file, or an open file object."""

from __future__ import annotations

import errno
import io
import os
import stat
import time
from pathlib import Path
from typing import BinaryIO

from asr_core.audio.naming import USE_THESE

AnySource = bytes | bytearray | memoryview | Path | BinaryIO

STALL = 8.0  # seconds a decoder may go on reading without giving anything
MAX_STREAM = 2 << 30  # bytes taken from a file object that cannot seek, such as standard input

_SAME_PLACE = "Check the name and the folder."
_OPEN_ERRORS = {
    errno.ENOENT: ("there is no such file", _SAME_PLACE),
    errno.ENOTDIR: ("there is no such file", _SAME_PLACE),
    errno.EACCES: ("you have no permission to read it", "Change its permissions or copy it."),
    errno.EPERM: ("you have no permission to read it", "Change its permissions or copy it."),
    errno.ELOOP: ("it is a link that leads back to itself", "Give the real file."),
    errno.ENAMETOOLONG: ("its name is too long", "Rename it."),
    errno.EISDIR: ("it is a folder", "Give the recordings inside it."),
    errno.ENXIO: ("it is not a regular file", "Give a file."),
}


class UnreadableError(Exception):
    """These bytes are no recording we can read.

    Attributes:
        found: a clause that says what they are: "it is empty".
        advice: a sentence that says what to do.
    """

    def __init__(self, found: str, advice: str = USE_THESE) -> None:
        super().__init__(found)
        self.found = found
        self.advice = advice


def as_file(data: AnySource) -> BinaryIO:
    """A file that can seek; `data` itself if it is one.

    Raises:
        UnreadableError: there is no such file, or it is none that can be read.
    """
    if isinstance(data, bytes | bytearray | memoryview):
        return _Memory(data)  # type: ignore[return-value]
    if isinstance(data, Path):
        return _open_regular(data)
    return _seekable(data)


class Source(io.RawIOBase):
    """Bytes a decoder may read and seek, but not for ever.

    A decoder that scans a huge file in vain meets the end of the file when `STALL` seconds have
    gone by since the last `progress`, and so does one whose disk fails. The end rather than an
    exception, because libsndfile's callbacks cannot pass one on.

    Attributes:
        gave_out: that is how it ended.
    """

    def __init__(self, data: AnySource) -> None:
        super().__init__()
        self._inner = as_file(data)
        self._owned = self._inner is not data
        self.gave_out = False
        self.progress()

    def progress(self) -> None:
        """Say that something was decoded: the time starts anew."""
        self._deadline = time.monotonic() + STALL

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[override]
        if self.gave_out or time.monotonic() > self._deadline:
            self.gave_out = True
            return 0
        try:
            piece = self._inner.read(len(buffer)) or b""
        except OSError:
            self.gave_out = True
            return 0
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._inner.seek(offset, whence)

    def tell(self) -> int:
        return self._inner.tell()

    def size(self) -> int:
        """Bytes in all; the position stays."""
        here = self.tell()
        end = self.seek(0, os.SEEK_END)
        self.seek(here)
        return end

    def head(self, n_bytes: int) -> bytes:
        """The first bytes; the position is then the start."""
        self.seek(0)
        start = self.read(n_bytes) or b""
        self.seek(0)
        return start

    def close(self) -> None:
        if self._owned:
            self._inner.close()
        super().close()


class _Memory(io.RawIOBase):
    """A buffer as a file, never copied whole."""

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        super().__init__()
        self._view = memoryview(data).cast("B")
        self._position = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        end = len(self._view) if size < 0 else self._position + size
        piece = bytes(self._view[self._position : end])
        self._position += len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: len(self._view)}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, "seek before the start")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        self._view.release()
        super().close()


def _open_regular(path: Path) -> BinaryIO:
    """The file at `path`, if it is a plain file or a link to one.

    Opened without waiting and looked at afterwards: `open` on a pipe nobody writes to never
    returns, and a look before opening could be made stale.
    """
    flags = os.O_RDONLY
    for extra in ("O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):
        flags |= getattr(os, extra, 0)
    try:
        if path.is_dir():  # Windows answers "permission denied" for these
            raise IsADirectoryError(errno.EISDIR, "folder")
        descriptor = os.open(path, flags)
    except OSError as error:
        other = ("the system refuses to open it", "Copy it to another place.")
        raise UnreadableError(*_OPEN_ERRORS.get(error.errno or 0, other)) from error
    except ValueError as error:  # a NUL inside the name
        raise UnreadableError(*_OPEN_ERRORS[errno.ENOENT]) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableError(*_OPEN_ERRORS[errno.ENXIO])
    return open(descriptor, "rb", buffering=0)


def _seekable(file: BinaryIO) -> BinaryIO:
    """`file` itself, or what it holds when it cannot seek."""
    if file.seekable():
        return file
    data = file.read(MAX_STREAM + 1)
    if len(data) > MAX_STREAM:
        raise UnreadableError("more than 2 GB arrived", "Give it as a file instead.")
    return _Memory(data)  # type: ignore[return-value]
