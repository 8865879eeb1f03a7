"""The engine of models that sherpa-onnx runs: windows -> pieces -> words with times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.segment import Window
from asr_core.engines import Recognized
from asr_core.engines.folders import folder_of
from asr_core.engines.passages import Passage
from asr_core.engines.sherpa.kinds import Kind, is_in_8_bits, kind_of
from asr_core.engines.sherpa.reader import Reader, Said
from asr_core.engines.stages import Stages
from asr_core.engines.times import Alignment, WordTimes, bundled_alignment
from asr_core.engines.words import passage_segments
from asr_core.errors import AsrError
from asr_core.heap import give_back
from asr_core.model.linear import fastest
from asr_core.result import Segment
from asr_core.settings import Settings
from asr_core.speed import Speed
from asr_core.text.echo import is_of_terms
from asr_core.text.language import language_of
from asr_core.text.tokenizer import TokenWord, spelled_words, words_of
from asr_core.text.vocabulary import Vocabulary

_SPACE = "▁"  # in front of a token that begins a word
_LONGEST_TOKEN = 0.5  # seconds that a token is said at most
_MEASURED_S = 4.0  # of made-up sound


def load(settings: Settings) -> SherpaEngine:
    """The engine for the folder that `settings` name, its weights in memory.

    Raises:
        ModelError: its files cannot be loaded, or are of no family the library runs.
        AsrError: the package sherpa-onnx is not installed.
    """
    folder = folder_of(settings.engine)
    kind, files = kind_of(folder)
    counts: Counter[str] = Counter()
    reader = Reader(folder.name, kind, files, counts)
    precision = "int8" if is_in_8_bits(files) else "float32"
    engine = SherpaEngine(folder.name, kind, precision, reader, bundled_alignment(settings), counts)
    if settings.device not in ("auto", "cpu"):
        engine.notes.append(
            f"{folder.name} is computed by the processor, not by {settings.device}."
        )
    return engine


class SherpaEngine:
    """A model of sherpa-onnx, warm. It decodes greedily: settings of search mean nothing to it.

    Attributes:
        notes: sentences for the user about what it cannot do.
    """

    def __init__(
        self,
        name: str,
        kind: Kind,
        precision: str,
        reader: Reader,
        bundled: Alignment,
        counts: Counter[str],
    ) -> None:
        self.name = name
        self.notes: list[str] = []
        self.notes.append(f"{name} does not say how sure it is of its words: none is marked.")
        self._kind, self._precision, self._reader, self._counts = kind, precision, reader, counts
        self._stages = Stages()
        self._bundled = bundled
        self._times = WordTimes(None, bundled)

    def decode(self, settings: Settings) -> str:
        """Always the likeliest token."""
        return "greedy"

    def stats(self) -> dict[str, Any]:
        """What loads it, what it lacks, and counts of the last run."""
        can = {
            "language hint": self._kind.languages,
            "word times": self._kind.mark,
            "terms": self._kind.answers,
            "streaming": False,
            "confidence": False,
        }
        return {
            "device": "cpu",
            "precision": self._precision,
            "loader": self._kind.loader,
            "lacks": [what for what, has in can.items() if not has],
            "notes": self.notes,
            **self._counts,
            **self._stages.told(),
        }

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Iterator[Recognized]:
        """Segments window by window: the text comes as soon as each is read."""
        self._counts.clear()
        self._stages.clear()
        wanted = self._candidates(settings)
        vocabulary = Vocabulary.parse(settings.vocabulary)
        for window in windows:
            if window.is_open and not window.spans:
                continue
            with self._stages.at("search"):  # with the encoder: the library does both at once
                said = [*self._read(window, wanted, vocabulary)]
            if window.is_open:
                yield Recognized(window.start, (), " ".join(piece.text for piece in said))
                continue
            self._stages.made("search", sum(len(piece.tokens) for piece in said))
            with self._stages.at("align"):
                segments = tuple(s for piece in said for s in self._segments(piece))
            yield Recognized(window.end, segments)
            give_back()

    def align(self, window: Window, text: str, language: str) -> Segment | None:
        """When the words of `text` were said, by the bundled model."""
        return self._bundled(window, text, language)

    def speed(self, settings: Settings) -> Speed:
        """How fast it is here, just now."""
        noise = np.random.default_rng(0).standard_normal(round(_MEASURED_S * SAMPLE_RATE))
        sound = (0.1 * noise).astype(np.float32)
        window = Window(0.0, sound, ((0.0, _MEASURED_S),))
        seconds = fastest(lambda: [*self._reader.read(window, None, ())], 2)
        return Speed.of_every_mode(seconds / _MEASURED_S)

    def _candidates(self, settings: Settings) -> tuple[str, ...]:
        wanted = settings.languages if settings.language == "auto" else (settings.language,)
        known = self._kind.languages
        for language in wanted:
            if known and language not in known:
                raise AsrError(
                    f"{self.name} does not know the language {language!r}, only "
                    f"{', '.join(sorted(known))}."
                )
        return wanted

    def _read(
        self, window: Window, wanted: Sequence[str], vocabulary: Vocabulary
    ) -> Iterator[Said]:
        """A window read; what only echoes the listed terms is read again without them."""
        terms = [term.text for term in vocabulary.terms]
        forced = wanted[0] if len(wanted) == 1 else None
        for said in self._reader.read(window, forced, terms):
            if terms and is_of_terms(said.text, vocabulary):
                self._counts["read_without_terms"] += 1
                yield from self._reader.read(said.window, forced, ())
            else:
                yield said

    def _segments(self, said: Said) -> Iterator[Segment]:
        """The segments of what was read, with times of its tokens or of CTC."""
        window = said.window
        language = said.language or language_of(said.text)
        passage = Passage(window.start, window.waveform, window.spans, language)
        pieces = [token.replace(_SPACE, " ") for token in said.tokens]
        is_timed = len(said.starts) == len(pieces) and "".join(pieces).split() == said.text.split()
        if is_timed:
            words = spelled_words([(piece, i, i + 1) for i, piece in enumerate(pieces)])
            times = _spans([window.start + at for at in said.starts], window.end)
        else:
            texts = words_of(said.text)
            words = [TokenWord(text, i, i + 1) for i, text in enumerate(texts)]
            times = self._times(window, said.text, texts, language)
        if words:
            yield from passage_segments(passage, words, times, [0.0] * len(times))


def _spans(starts: Sequence[float], end: float) -> list[tuple[float, float]]:
    """When tokens that begin at these times were said."""
    return [(at, min(after, at + _LONGEST_TOKEN)) for at, after in pairwise([*starts, end])]
