"""A transcript as JSON holds it, and back, each value checked: its sender may be hostile."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, get_args

from asr_core.result import Label, Language, Segment, Transcript, Word

_MOST = 1e15  # of seconds or bytes


class DataError(Exception):
    """What was sent or kept is not what it should be."""


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
            tuple(_word(word) for word in items(item.get("words"))),
            text(item.get("speaker", "")),
            truth(item.get("edited", False)),
            truth(item.get("redone", False)),
        )
        for item in items(data)
    )


def _word(item: dict[str, Any]) -> Word:
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
        raise DataError("this is no language")
    shares = [_number(data, share) for share in ("zh", "en", "other")]
    return Language(*shares, label=data["label"])


def transcript(data: object) -> Transcript:
    """The transcript of `pack_transcript`, each value checked."""
    if not isinstance(data, dict):
        raise DataError("this is no transcript")
    notes, stats = data.get("notes"), data.get("stats")
    if not isinstance(notes, list) or not isinstance(stats, dict):
        raise DataError("this is no transcript")
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
    """A number not below zero, and none that arithmetic with times could not bear."""
    if isinstance(data, bool) or not isinstance(data, int | float) or not 0 <= data < _MOST:
        raise DataError("this is no time, size or share")
    return float(data)


def text(data: object) -> str:
    """A string."""
    if not isinstance(data, str):
        raise DataError("this is no text")
    return data


def truth(data: object) -> bool:
    """True or false."""
    if not isinstance(data, bool):
        raise DataError("this is neither true nor false")
    return data


def items(data: object) -> list[dict[str, Any]]:
    """A list of JSON objects."""
    if not all(isinstance(item, dict) for item in _list(data)):
        raise DataError("this is no list of things")
    return _list(data)


def _number(item: dict[str, Any], key: str) -> float:
    return number(item.get(key))


def _text(item: dict[str, Any], key: str) -> str:
    return text(item.get(key))


def _list(data: object) -> list[Any]:
    if not isinstance(data, list):
        raise DataError("this is no list")
    return data
