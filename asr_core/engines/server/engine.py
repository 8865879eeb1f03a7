"""The engine of a server: windows -> its texts -> words with times.

Every window is a request of its own. None is longer than the 30 seconds above which vLLM cuts the
sound itself and puts the texts together without a space between them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.segment import Window
from asr_core.engines import Recognized
from asr_core.engines.passages import Passage
from asr_core.engines.qwen3_asr.prompt import MARK, Answer, answer, without_control
from asr_core.engines.server.client import Client
from asr_core.engines.stages import Stages
from asr_core.engines.times import Alignment, WordTimes, bundled_alignment
from asr_core.engines.words import passage_segments
from asr_core.errors import ModelError
from asr_core.heap import give_back
from asr_core.result import Segment
from asr_core.servers import Server, left_for
from asr_core.settings import Settings
from asr_core.speed import Speed
from asr_core.text.echo import is_of_terms
from asr_core.text.language import language_of
from asr_core.text.tokenizer import TokenWord, words_of
from asr_core.text.vocabulary import Vocabulary

_REDRAWN_S = 0.2  # between two looks at an answer that is being written
_MEASURED_S = 2.0  # of made-up sound
_NAME = 80  # characters of what a server calls its model


def load(settings: Settings) -> ServerEngine:
    """The engine of the server that `settings` name; it was asked what its model is called.

    Raises:
        AsrError: the server cannot be reached or used.
        ModelError: no server is chosen.
    """
    server = settings.server
    if server is None:
        raise ModelError(f"{settings.engine!r} is no server. Choose one of your list.")
    return ServerEngine(server, Client(server).model(), bundled_alignment(settings))


class ServerEngine:
    """A server that was reached. Settings of search mean nothing to it, its words have no doubts.

    Attributes:
        notes: for the reader of every transcript: that the sound left this computer, and for where.
    """

    def __init__(self, server: Server, model: str, bundled: Alignment) -> None:
        self._model, self._address = model, server.address
        shown = "".join(filter(str.isprintable, model))[:_NAME]
        self.name = f"{shown or 'server'} ({server.address})"
        self.notes: list[str] = []
        self.notes.append(left_for(server.address))
        self.notes.append(f"{self.name} does not say how sure it is of its words: none is marked.")
        self._counts: Counter[str] = Counter()
        self._stages = Stages()
        self._bundled = bundled
        self._times = WordTimes(None, bundled)

    def decode(self, settings: Settings) -> str:
        """However the server does."""
        return "server"

    def stats(self) -> dict[str, Any]:
        """Where it is computed, what is lacking, and counts of the last run."""
        return {
            "device": self._address,
            "model": self._model,
            "lacks": ["word times", "confidence"],
            "notes": self.notes,
            **self._counts,
            **self._stages.told(),
        }

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Iterator[Recognized]:
        """Segments window by window, and drafts of them while the server writes."""
        self._counts.clear()
        self._stages.clear()
        wanted = settings.languages if settings.language == "auto" else (settings.language,)
        vocabulary = Vocabulary.parse(settings.vocabulary)
        client = self._client(settings)
        for window in windows:
            if not window.spans:
                if not window.is_open:
                    yield Recognized(window.end, ())
                continue
            said = yield from self._read(client, window, wanted, vocabulary)
            if window.is_open:
                yield Recognized(window.start, (), said.text)
                continue
            with self._stages.at("align"):
                segments = tuple(self._segments(window, said, wanted))
            yield Recognized(window.end, segments)
            give_back()

    def align(self, window: Window, text: str, language: str) -> Segment | None:
        """When the words of `text` were said, by the bundled model, on this computer."""
        return self._bundled(window, text, language)

    def speed(self, settings: Settings) -> Speed:
        """How fast the server is just now, with sound that is made up."""
        noise = np.random.default_rng(0).standard_normal(round(_MEASURED_S * SAMPLE_RATE))
        began = perf_counter()
        for _ in self._client(settings).transcribe((0.1 * noise).astype(np.float32), self._fields):
            pass
        return Speed.of_every_mode((perf_counter() - began) / _MEASURED_S)

    @property
    def _fields(self) -> dict[str, str]:
        return {"model": self._model, "temperature": "0"}

    def _client(self, settings: Settings) -> Client:
        """By the settings of the run, whose token may be a newer one."""
        if settings.server is None or settings.server.address != self._address:
            raise ModelError(f"{settings.engine!r} is not the server that was loaded. Try again.")
        return Client(settings.server)

    def _read(
        self, client: Client, window: Window, wanted: Sequence[str], vocabulary: Vocabulary
    ) -> Generator[Recognized, None, Answer]:
        """A window read; what only echoes the listed terms is read again without them."""
        terms = ", ".join(without_control(term.text).strip() for term in vocabulary.terms)
        said = yield from self._asked(client, window, wanted, terms)
        if terms and is_of_terms(said.text, vocabulary):
            self._counts["read_without_terms"] += 1
            said = yield from self._asked(client, window, wanted, "")
        return said

    def _asked(
        self, client: Client, window: Window, wanted: Sequence[str], terms: str
    ) -> Generator[Recognized, None, Answer]:
        fields = self._fields
        if len(wanted) == 1:
            fields["language"] = wanted[0]
        if terms:
            fields["prompt"] = terms
        answering, drawn = client.transcribe(window.waveform, fields), perf_counter()
        while True:
            try:
                with self._stages.at("search"):
                    raw = next(answering)
            except StopIteration as end:
                return _said(end.value)
            draft = answer(raw).text
            if draft and perf_counter() - drawn >= _REDRAWN_S:
                drawn = perf_counter()
                yield Recognized(window.start, (), draft)

    def _segments(self, window: Window, said: Answer, wanted: Sequence[str]) -> Iterator[Segment]:
        texts = words_of(said.text)
        if not texts:
            return
        language = said.language or (wanted[0] if len(wanted) == 1 else language_of(said.text))
        passage = Passage(window.start, window.waveform, window.spans, language)
        words = [TokenWord(text, i, i + 1) for i, text in enumerate(texts)]
        times = self._times(window, said.text, texts, language)
        yield from passage_segments(passage, words, times, [0.0] * len(times))


def _said(raw: str) -> Answer:
    """A whole answer; without the mark of Qwen3-ASR it is text from its first word on."""
    return answer(raw) if MARK in raw else Answer(None, answer(raw, "").text)
