"""What goes through the pipe between the page and the worker: frames of JSON or of audio.

The worker reads recordings from strangers, so what it sends is treated as data and never as code
(no pickle), and each value is checked before it is used.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO, get_args

from asr_core.result import Label, Language, Segment, Transcript, Word

Message = dict[str, Any]  # always with a "kind"

CHUNK = 1 << 20  # bytes of audio in one frame
_LONGEST = 256 << 20  # bytes of JSON; ten hours of words with times need about 30 MB

_HEAD = struct.Struct(">cI")
_JSON, _AUDIO = b"J", b"A"


class WireError(Exception):
    """What came through the pipe is not what the other side should send."""


def write_message(stream: BinaryIO, message: Message) -> None:
    """Send one message."""
    body = json.dumps(message).encode("ascii")
    stream.write(_HEAD.pack(_JSON, len(body)) + body)
    stream.flush()


def write_audio(stream: BinaryIO, chunk: memoryview) -> None:
    """Send a part of a recording, at most `CHUNK` bytes."""
    stream.write(_HEAD.pack(_AUDIO, len(chunk)))
    stream.write(chunk)
    stream.flush()


def read_frames(stream: BinaryIO) -> Iterator[Message | bytes]:
    """Messages and parts of recordings until the other side is gone.

    Raises:
        WireError: these are not frames.
    """
    while head := stream.read(_HEAD.size):
        if len(head) < _HEAD.size:
            raise WireError("a frame is cut off")
        kind, length = _HEAD.unpack(head)
        if kind not in (_JSON, _AUDIO) or length > (_LONGEST if kind == _JSON else CHUNK):
            raise WireError("this is no frame")
        body = stream.read(length)
        if len(body) < length:
            raise WireError("a frame is cut off")
        yield body if kind == _AUDIO else _message(body)


def _message(body: bytes) -> Message:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise WireError("a message is not JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("kind"), str):
        raise WireError("a message has no kind")
    return message


def pack_segments(segments: tuple[Segment, ...]) -> list[dict[str, Any]]:
    """Segments as JSON can hold them."""
    return [asdict(segment) for segment in segments]


def pack_language(language: Language) -> dict[str, Any]:
    """A language as JSON can hold it."""
    return asdict(language)


def pack_transcript(transcript: Transcript) -> dict[str, Any]:
    """A transcript as JSON can hold it; of its statistics, what JSON knows."""
    return asdict(transcript) | {"stats": json.loads(json.dumps(transcript.stats, default=str))}


def segments(data: object) -> tuple[Segment, ...]:
    """The segments of `pack_segments`, each value checked."""
    return tuple(
        Segment(
            _number(item, "start"),
            _number(item, "end"),
            _text(item, "language"),
            _text(item, "text"),
            _number(item, "confidence"),
            tuple(_word(word) for word in _items(item.get("words"))),
        )
        for item in _items(data)
    )


def _word(item: Message) -> Word:
    return Word(
        _text(item, "text"),
        _number(item, "start"),
        _number(item, "end"),
        _number(item, "confidence"),
        tuple(text(other) for other in _list(item.get("alternatives"))),
    )


def language(data: object) -> Language:
    """The language of `pack_language`, each value checked."""
    if not isinstance(data, dict) or data.get("label") not in get_args(Label):
        raise WireError("this is no language")
    shares = [_number(data, share) for share in ("zh", "en", "other")]
    return Language(*shares, label=data["label"])


def transcript(data: object) -> Transcript:
    """The transcript of `pack_transcript`, each value checked."""
    if not isinstance(data, dict):
        raise WireError("this is no transcript")
    notes, stats = data.get("notes"), data.get("stats")
    if not isinstance(notes, list) or not isinstance(stats, dict):
        raise WireError("this is no transcript")
    return Transcript(
        _text(data, "name"),
        _number(data, "duration"),
        segments(data.get("segments")),
        language(data.get("language")),
        _text(data, "engine"),
        _text(data, "decode"),
        tuple(str(note) for note in notes),
        stats,
    )


def number(data: object) -> float:
    """A finite number, not below zero."""
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise WireError("this is no time, size or share")
    if not 0 <= data <= sys.float_info.max:  # False for NaN
        raise WireError("this is no time, size or share")
    return float(data)


def text(data: object) -> str:
    """A string."""
    if not isinstance(data, str):
        raise WireError("this is no text")
    return data


def _number(item: Message, key: str) -> float:
    return number(item.get(key))


def _text(item: Message, key: str) -> str:
    return text(item.get(key))


def _list(data: object) -> list[Any]:
    if not isinstance(data, list):
        raise WireError("this is no list")
    return data


def _items(data: object) -> list[Message]:
    if not all(isinstance(item, dict) for item in _list(data)):
        raise WireError("this is no list of things")
    return _list(data)
