"""The lines of a streamed answer -> the text in them.

vLLM sends `choices[].delta.content` and then `[DONE]`, OpenAI `transcript.text.delta` and then
`transcript.text.done` with the whole text.

Source: vLLM's `entrypoints/openai/speech_to_text`, OpenAI's reference of the audio endpoints.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


class Refused(Exception):  # noqa: N818, the server has its reasons
    """The server answered with an error; the text is its own message."""


class NoAnswer(Exception):  # noqa: N818
    """What came is no answer of a transcription server."""


class Cut(Exception):  # noqa: N818
    """The answer stopped before its end."""


def streamed(lines: Iterable[bytes]) -> str:
    """The text of a stream that came to its end.

    Args:
        lines: of a `text/event-stream`.

    Raises:
        Refused, NoAnswer, Cut: see there.
    """
    text, is_done = "", False
    for line in lines:
        kind, _, data = line.strip().partition(b":")
        if kind != b"data":  # names of events, and comments that keep the line open
            continue
        if data.strip() == b"[DONE]":
            return text
        event = decoded(data)
        if event.get("type") == "transcript.text.done":
            return _text(event.get("text", text))
        is_done = is_done or _is_last(event)
        text += _delta(event)
    if not is_done:
        raise Cut
    return text


def decoded(data: bytes) -> dict[str, Any]:
    """A JSON object of the server's, unless it is an error.

    Raises:
        Refused, NoAnswer: see there.
    """
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        raise NoAnswer from None
    if not isinstance(event, dict):
        raise NoAnswer
    error = event.get("error")
    if error or event.get("object") == "error":  # the second is how older vLLM says it
        message = error.get("message") if isinstance(error, dict) else error
        raise Refused(str(message or event.get("message", "")))
    return event


def whole(data: bytes) -> str:
    """The text of an answer that was not streamed.

    Raises:
        Refused, NoAnswer: see there.
    """
    return _text(decoded(data).get("text"))


def _choices(event: dict[str, Any]) -> list[dict[str, Any]]:
    choices = event.get("choices")
    return [c for c in choices if isinstance(c, dict)] if isinstance(choices, list) else []


def _delta(event: dict[str, Any]) -> str:
    if event.get("type") == "transcript.text.delta":
        return _text(event.get("delta"))
    deltas = [choice.get("delta") for choice in _choices(event)]
    return "".join(_text(d.get("content") or "") for d in deltas if isinstance(d, dict))


def _is_last(event: dict[str, Any]) -> bool:
    return any(choice.get("finish_reason") for choice in _choices(event))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise NoAnswer
    return value
