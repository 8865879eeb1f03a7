"""The program of the process that decodes: bytes in by asking for them, sound out, once."""

from __future__ import annotations

import io
import os
import signal
from contextlib import suppress
from typing import BinaryIO

from asr_core import limits
from asr_core.audio import source
from asr_core.audio.decode import Decoded, decode
from asr_core.audio.source import UnreadableError
from asr_core.children import take_pipes
from asr_core.sandbox import frames
from asr_core.sandbox.confinement import confine

TOO_BIG = ("decoding it takes more memory than a recording should", source.USE_THESE)
BROKEN = ("what is inside cannot be decoded", source.USE_THESE)


def main() -> None:
    """Decode one recording for the process that holds the other ends of stdin and stdout."""
    limits.leave_network()  # first, since it must be before any thread
    limits.end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    inbound, outbound = take_pipes()
    _rehearse()
    confine()
    try:
        serve(inbound, outbound)
    finally:
        os._exit(0)  # nothing is to be tidied up, and nobody to be told of what went wrong


def serve(inbound: BinaryIO, outbound: BinaryIO) -> None:
    """Take one order and carry it out; the last frame says how it ended."""
    frames.write_frame(outbound, frames.READY)
    order = frames.read_order(inbound)
    if order is None:
        return
    file = io.BufferedReader(_Asked(inbound, outbound, order.n_bytes), frames.PIECE)
    try:
        notes = _decode(decode(file, order.clip), outbound)
        frames.write_frame(outbound, frames.END, frames.saying(notes[-frames.MAX_NOTES :]))
    except UnreadableError as error:
        frames.write_frame(outbound, frames.REFUSAL, frames.saying([error.found, error.advice]))
    except MemoryError:
        frames.write_frame(outbound, frames.REFUSAL, frames.saying([*TOO_BIG]))
    except Exception:  # its text may hold what the file says, and its kind helps nobody
        frames.write_frame(outbound, frames.REFUSAL, frames.saying([*BROKEN]))


def _decode(decoded: Decoded, outbound: BinaryIO) -> list[str]:
    opening = frames.opening(decoded.sample_rate, decoded.duration)
    frames.write_frame(outbound, frames.OPENED, opening)
    for chunk in decoded.chunks():
        frames.write_frame(outbound, frames.SOUND, frames.sound(chunk))
    return decoded.notes


class _Asked(io.RawIOBase):
    """The file, whose bytes the parent gives when asked for them."""

    def __init__(self, inbound: BinaryIO, outbound: BinaryIO, n_bytes: int) -> None:
        super().__init__()
        self._inbound = inbound
        self._outbound = outbound
        self._n_bytes = n_bytes
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[override]
        n_bytes = min(len(buffer), frames.PIECE, max(0, self._n_bytes - self._position))
        if not n_bytes:
            return 0
        question = frames.question(self._position, n_bytes)
        frames.write_frame(self._outbound, frames.QUESTION, question)
        piece = frames.read_answer(self._inbound)
        if piece is None:
            raise OSError("the file cannot be read there")
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._n_bytes}[whence]
        if base + offset < 0:
            raise OSError("seek before the start")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position


def _rehearse() -> None:
    """Decode a little of each kind: what that imports is there when no file may be opened."""
    import numpy as np
    import soundfile

    loud = np.full((800, 2), 2.0)
    loud[0] = np.nan
    for format, subtype, sound in (("WAV", "FLOAT", loud), ("FLAC", "PCM_16", loud[1:])):
        file = io.BytesIO()
        soundfile.write(file, sound, 8_000, subtype, format=format)
        for _ in decode(file.getvalue()).chunks():
            pass
    with suppress(UnreadableError):
        decode(b"not a recording")
