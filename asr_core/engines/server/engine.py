"""The engine of a server: every window is a request of its own.

None is longer than the 30 seconds above which vLLM cuts the sound itself and puts the texts
together without a space between them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from asr_core.audio.segment import LONGEST, Window
from asr_core.engines.piecewise import PiecewiseEngine, Said, without_loop
from asr_core.engines.qwen3_asr.prompt import MARK, Answer, answer, without_control
from asr_core.engines.server.client import Client
from asr_core.engines.times import bundled_alignment
from asr_core.errors import ModelError
from asr_core.servers import Server, left_for
from asr_core.settings import Settings

_NAME = 80  # characters of what a server calls its model


def load(settings: Settings) -> PiecewiseEngine:
    """The engine of the server that `settings` name; it was asked what its model is called.

    Raises:
        AsrError: the server cannot be reached or used.
        ModelError: no server is chosen.
    """
    server = settings.server
    if server is None:
        raise ModelError(f"{settings.engine!r} is no server. Choose one of your list.")
    reader = ServerReader(server)
    shown = "".join(filter(str.isprintable, reader.model))[:_NAME]
    name = f"{shown or 'server'} ({server.address})"
    return PiecewiseEngine(name, reader, bundled_alignment(settings))


class ServerReader:
    """A server that was reached.

    Attributes:
        model: what it calls the first of its models.
    """

    def __init__(self, server: Server) -> None:
        self.languages: Collection[str] = ()  # nobody knows which
        self.longest = LONGEST
        self.counts: Counter[str] = Counter()
        self._client = Client(server)
        self._address = server.address
        self.model = self._client.model()

    def describe(self) -> dict[str, Any]:
        """Where it is computed, and that the sound left this computer for it."""
        notes: list[str] = []
        notes.append(left_for(self._address))
        return {
            "device": self._address,
            "precision": "unknown",
            "loader": self.model,
            "lacks": ["word times", "confidence"],
            "notes": notes,
        }

    def said(self, piece: Window, language: str | None, terms: Sequence[str]) -> Said:
        """What the server says of a piece.

        Raises:
            AsrError: it cannot be reached, or does not answer as such a server does.
        """
        fields = {"model": self.model, "temperature": "0"}
        if language is not None:
            fields["language"] = language
        if terms:
            fields["prompt"] = ", ".join(without_control(term).strip() for term in terms)
        found = _answer(self._client.transcribe(piece.waveform, fields))
        text = without_loop(found.text)
        return Said(piece, text, found.language or language, is_whole=text == found.text)


def _answer(raw: str) -> Answer:
    """A whole answer; without the mark of Qwen3-ASR it is text from its first word on."""
    return answer(raw) if MARK in raw else Answer(None, answer(raw, "").text)
