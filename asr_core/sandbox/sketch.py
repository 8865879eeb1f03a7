"""How long a recording is by its header, told from its two ends alone."""

from __future__ import annotations

import io
import os
from typing import BinaryIO, cast

from asr_core.errors import AudioDecodeError
from asr_core.sandbox.process import Sandbox


def header_duration(sandbox: Sandbox, data: bytes, n_bytes: int, name: str) -> float | None:
    """Seconds by the header of a recording of `n_bytes`; None where it does not say.

    Args:
        sandbox: reads the header, and ends with it.
        data: all of its bytes, or as many of its start and its end, one behind the other.

    Raises:
        AudioDecodeError: all bytes were given, and they are no recording.
    """
    try:
        with sandbox.open(cast(BinaryIO, _Sketch(data, n_bytes)), name) as recording:
            return recording.duration
    except AudioDecodeError:
        if len(data) == n_bytes:
            raise
        return None


class _Sketch(io.RawIOBase):
    """The ends of a file, with silence in place of what lies between them."""

    def __init__(self, data: bytes, n_bytes: int) -> None:
        super().__init__()
        self._data, self._size = data, n_bytes
        self._head = len(data) if len(data) == n_bytes else len(data) // 2
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        here = self._position
        if here < self._head:
            piece = self._data[here : self._head]
        elif here < (tail := self._size - (len(self._data) - self._head)):
            piece = bytes(min(tail - here, size if size >= 0 else tail - here))
        else:
            piece = self._data[self._head + here - tail :]
        piece = piece if size < 0 else piece[:size]
        self._position += len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position
