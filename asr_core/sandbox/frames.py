"""What goes through the two pipes between us and a process that decodes.

To it: first an `Order`, then the answers to its questions. From it: frames, each a kind, a length
and a body. Nothing it says is believed: whoever reads it checks every number.
"""

from __future__ import annotations

import json
import math
import re
import struct
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asr_core.audio import MAX_RATE, MIN_RATE
from asr_core.audio.blocks import Chunk
from asr_core.audio.clip import Clip

READY = b"r"  # it can take a recording
QUESTION = b"q"  # a piece of the file, please
OPENED = b"o"  # it is a recording
SOUND = b"s"
END = b"e"  # that was all; with sentences for the reader
REFUSAL = b"x"  # this is no recording; with what was found and what to do

PIECE = 1 << 18  # bytes of the file asked for at once
LONGEST = 4 << 20  # bytes of a frame; a second of sound at the highest rate has 3 MB
RATES = range(MIN_RATE, MAX_RATE + 1)  # Hz
MAX_NOTES = 8

_HEAD = struct.Struct("<cI")
_ORDER = struct.Struct("<Qdd")
_QUESTION = struct.Struct("<QI")
_ANSWER = struct.Struct("<I")
_OPENED = struct.Struct("<Id")
_RATE = struct.Struct("<I")
_NO_ANSWER = 0xFFFFFFFF  # the file cannot be read there

# Nothing that the page or a terminal could take for more than words.
_SENTENCE = re.compile(r"[A-Za-z0-9 .,:;%()-]{1,200}")


class FrameError(Exception):
    """What came out of the pipe is not what the other side should send."""


class Frame(NamedTuple):
    """One thing the decoding process said."""

    kind: bytes
    body: bytes


class Order(NamedTuple):
    """What is to be decoded."""

    n_bytes: int
    clip: Clip


def write_frame(stream: BinaryIO, kind: bytes, body: bytes = b"") -> None:
    """Say one thing."""
    stream.write(_HEAD.pack(kind, len(body)) + body)
    stream.flush()


def read_frame(stream: BinaryIO) -> Frame | None:
    """The next thing said; None when the other side is gone.

    Raises:
        FrameError: this is no frame.
    """
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, length = _HEAD.unpack(head)
    if kind not in (READY, QUESTION, OPENED, SOUND, END, REFUSAL) or length > LONGEST:
        raise FrameError("this is no frame")
    body = stream.read(length)
    return Frame(kind, body) if len(body) == length else None


def write_order(stream: BinaryIO, order: Order) -> None:
    """Say what is to be decoded."""
    stream.write(_ORDER.pack(order.n_bytes, order.clip.start, order.clip.stop))
    stream.flush()


def read_order(stream: BinaryIO) -> Order | None:
    """What is to be decoded; None when nobody is there any more."""
    body = stream.read(_ORDER.size)
    if len(body) < _ORDER.size:
        return None
    n_bytes, start, stop = _ORDER.unpack(body)
    return Order(n_bytes, Clip(start, stop))


def write_answer(stream: BinaryIO, piece: bytes | None) -> None:
    """A piece of the file; None where it cannot be read."""
    stream.write(_ANSWER.pack(_NO_ANSWER if piece is None else len(piece)) + (piece or b""))
    stream.flush()


def read_answer(stream: BinaryIO) -> bytes | None:
    """The piece asked for; shorter at the end of the file, None where it cannot be read."""
    (length,) = _ANSWER.unpack(stream.read(_ANSWER.size))
    return None if length == _NO_ANSWER else stream.read(length)


def question(offset: int, n_bytes: int) -> bytes:
    """The body of a QUESTION."""
    return _QUESTION.pack(offset, n_bytes)


def asked(body: bytes) -> tuple[int, int]:
    """Offset and length that a QUESTION asks for."""
    offset, n_bytes = _unpacked(_QUESTION, body)
    if n_bytes > PIECE or offset >= 1 << 63:
        raise FrameError("nobody asks for that much")
    return offset, n_bytes


def opening(sample_rate: int, duration: float | None) -> bytes:
    """The body of an OPENED."""
    return _OPENED.pack(sample_rate, -1.0 if duration is None else duration)


def opened(body: bytes) -> tuple[int, float | None]:
    """Sample rate, and seconds by the header if it says."""
    rate, duration = _unpacked(_OPENED, body)
    if rate not in RATES or math.isnan(duration):
        raise FrameError("this is no sound")
    return rate, duration if 0 < duration < math.inf else None


def sound(chunk: Chunk) -> bytes:
    """The body of a SOUND: the rate, then (N, 1) samples as 32-bit floats."""
    return _RATE.pack(chunk.sample_rate) + chunk.samples.astype("<f4", copy=False).tobytes()


def heard(body: bytes) -> Chunk:
    """The sound of a SOUND: (N, 1), 0 < N, at most a second, finite, within -1..1."""
    rate = _RATE.unpack_from(body)[0] if len(body) > _RATE.size else 0
    n_bytes = len(body) - _RATE.size
    if rate not in RATES or n_bytes % 4 or n_bytes > 4 * rate:
        raise FrameError("this is no sound")
    samples: NDArray[np.float32] = np.frombuffer(body, "<f4", offset=_RATE.size)
    if not max(samples.max(), -samples.min()) <= 1:  # False for NaN
        raise FrameError("this is no sound")
    return Chunk(samples[:, None], rate)


def saying(sentences: list[str]) -> bytes:
    """The body of an END or a REFUSAL."""
    return json.dumps(sentences).encode("ascii")


def said(body: bytes) -> list[str]:
    """The sentences of an END or a REFUSAL: plain words."""
    try:
        sentences = json.loads(body)
    except (ValueError, RecursionError):
        raise FrameError("these are no sentences") from None
    if not isinstance(sentences, list) or len(sentences) > MAX_NOTES:
        raise FrameError("these are no sentences")
    if not all(isinstance(text, str) and _SENTENCE.fullmatch(text) for text in sentences):
        raise FrameError("these are no sentences")
    return sentences


def refused(body: bytes) -> list[str]:
    """The two of a REFUSAL: what was found, what to do."""
    sentences = said(body)
    if len(sentences) != 2:
        raise FrameError("a refusal has two sentences")
    return sentences


def _unpacked(form: struct.Struct, body: bytes) -> tuple:
    if len(body) != form.size:
        raise FrameError("a frame has the wrong length")
    return form.unpack(body)
