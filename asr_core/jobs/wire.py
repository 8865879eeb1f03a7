"""What goes through the pipe between the page and the worker: frames of JSON or of sound.

The worker reads recordings from strangers, so what it sends is treated as data and never as code
(no pickle), and each value is checked before it is used.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

from asr_core.audio.clip import Clip
from asr_core.packed import (
    DataError,
    language,
    number,
    pack_language,
    pack_segments,
    pack_transcript,
    segments,
    text,
    transcript,
)

__all__ = [
    "CHUNK",
    "Message",
    "Spoken",
    "WireError",
    "chunks",
    "language",
    "number",
    "pack_language",
    "pack_segments",
    "pack_transcript",
    "read_frames",
    "segments",
    "text",
    "transcript",
    "write_audio",
    "write_message",
    "write_spoken",
]

Message = dict[str, Any]  # always with a "kind"

CHUNK = 1 << 20  # bytes of audio in one frame
_LONGEST = 256 << 20  # bytes of JSON; ten hours of words with times need about 30 MB

_HEAD = struct.Struct(">cI")
_JSON, _AUDIO, _SPOKEN = b"J", b"A", b"S"

WireError = DataError  # what came through the pipe is not what the other side should send


class Spoken(bytes):
    """Sound that has just been made: 16-bit samples, low byte first. None mean that it is over."""


def write_message(stream: BinaryIO, message: Message) -> None:
    """Send one message."""
    body = json.dumps(message).encode("ascii")
    stream.write(_HEAD.pack(_JSON, len(body)) + body)
    stream.flush()


def chunks(data: memoryview) -> Iterator[memoryview]:
    """A recording's bytes in parts that fit a frame."""
    for start in range(0, data.nbytes, CHUNK):
        yield data[start : start + CHUNK]


def write_audio(stream: BinaryIO, chunk: memoryview) -> None:
    """Send a part of a recording, at most `CHUNK` bytes."""
    stream.write(_HEAD.pack(_AUDIO, len(chunk)))
    stream.write(chunk)
    stream.flush()


def write_spoken(stream: BinaryIO, chunk: bytes) -> None:
    """Send sound that has just been made, at most `CHUNK` bytes; none at its end."""
    stream.write(_HEAD.pack(_SPOKEN, len(chunk)) + chunk)
    stream.flush()


def read_frames(stream: BinaryIO) -> Iterator[Message | bytes | Spoken]:
    """Messages, parts of recordings and live sound until the other side is gone.

    Raises:
        WireError: these are not frames.
    """
    while head := stream.read(_HEAD.size):
        if len(head) < _HEAD.size:
            raise WireError("a frame is cut off")
        kind, length = _HEAD.unpack(head)
        if kind not in (_JSON, _AUDIO, _SPOKEN) or length > (_LONGEST if kind == _JSON else CHUNK):
            raise WireError("this is no frame")
        body = stream.read(length)
        if len(body) < length:
            raise WireError("a frame is cut off")
        if kind == _SPOKEN:
            yield Spoken(body)
        else:
            yield body if kind == _AUDIO else _message(body)


def _message(body: bytes) -> Message:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise WireError("a message is not JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("kind"), str):
        raise WireError("a message has no kind")
    return message


def pack_clip(clip: Clip) -> list[float | None]:
    """A part of a recording as JSON can hold it."""
    return [clip.start, None if math.isinf(clip.stop) else clip.stop]


def clip(data: list[float | None]) -> Clip:
    """The part of `pack_clip`, which comes from the page and is believed."""
    start, stop = data
    return Clip(start or 0.0, math.inf if stop is None else stop)
