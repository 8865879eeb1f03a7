"""The engine of models that read a piece of sound and give its text: windows -> words with times.

What a model of such a library lacks is made up for here: streaming by windows that are read anew,
word times by a forced aligner or the bundled model, room for long sound by pieces cut at pauses,
and text on the way, as well as a place to stop, piece by piece.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.segment import Window, speech_windows
from asr_core.engines import Recognized
from asr_core.engines.passages import Passage
from asr_core.engines.stages import Stages
from asr_core.engines.times import Aligner, Alignment, WordTimes
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
_SHORTEST = 4.0  # seconds; what is shorter is not cut again
_MEASURED_S = 4.0  # of made-up sound
_LOOP = re.compile(r"(.{1,8}?)\1{20,}", re.DOTALL)


class Said(NamedTuple):
    """What was read of a piece of sound."""

    window: Window
    text: str
    language: str | None  # ISO code; None where the model names none
    tokens: Sequence[str] = ()
    starts: Sequence[float] = ()  # of the tokens, seconds from the start of the piece
    is_whole: bool = True  # neither cut off nor a loop


class Reader(Protocol):
    """A model that reads a piece of sound, warm.

    Attributes:
        languages: ISO codes of what it can be told to write; none: it cannot be told.
        longest: seconds of sound that it takes at once.
        counts: of the run, what was read again; whoever begins a run clears it.
    """

    languages: Collection[str]
    longest: float
    counts: Counter[str]

    def said(self, piece: Window, language: str | None, terms: Sequence[str]) -> Said:
        """What is said in a piece.

        Args:
            language: ISO code of the one to write; None lets the model choose.
            terms: that may come up, where the model takes any.
        """
        ...

    def describe(self) -> dict[str, Any]:
        """For the stats: "device", "precision" and "loader"; "lacks", what it cannot do by itself;
        and "notes", sentences for the user.
        """
        ...


class PiecewiseEngine:
    """A model of a library, warm. It decodes greedily: settings of search mean nothing to it.

    Args:
        bundled: gives the times of words where there is no aligner.
        aligner: gives a forced aligner, loaded, if there is one here.
    """

    def __init__(
        self,
        name: str,
        reader: Reader,
        bundled: Alignment,
        aligner: Callable[[], Aligner | None] = lambda: None,
    ) -> None:
        self.name = name
        self._reader = reader
        self._counts = reader.counts
        self._stages = Stages()
        self._bundled = bundled
        self._times = WordTimes(aligner, bundled)

    def decode(self, settings: Settings) -> str:
        """Always the likeliest token."""
        return "greedy"

    def stats(self) -> dict[str, Any]:
        """What runs it, what it lacks, and counts of the last run."""
        told = self._reader.describe()
        unsure = f"{self.name} does not say how sure it is of its words: none is marked."
        return {
            **told,
            "notes": [unsure, *told["notes"], *self._times.notes],
            **self._counts,
            **self._stages.told(),
        }

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Generator[Recognized]:
        """Segments window by window, and the text of each piece as soon as it is read."""
        self._counts.clear()
        self._stages.clear()
        wanted = self._candidates(settings)
        vocabulary = Vocabulary.parse(settings.vocabulary)
        shown = ""
        for window in windows:
            if window.is_open and not window.spans:
                continue
            said: list[Said] = []
            for piece in self._timed(self._read(window, wanted, vocabulary)):
                said.append(piece)
                draft = " ".join(piece.text for piece in said)
                if not window.is_open and draft:
                    yield Recognized(window.start, (), max(draft, shown, key=len))
            if window.is_open:
                shown = " ".join(piece.text for piece in said)
                yield Recognized(window.start, (), shown)
                continue
            shown = ""
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
        seconds = fastest(lambda: self._reader.said(window, None, ()), 2)
        return Speed.of_every_mode(seconds / _MEASURED_S)

    def read(self, window: Window, language: str | None, terms: Sequence[str]) -> Iterator[Said]:
        """What is said in a window, piece by piece.

        A piece is read in halves where a model that answers went round in circles, came to the end
        of what it may write, or wrote nothing.

        Args:
            language: ISO code of the one to write; None lets the model choose.
            terms: that may come up, where the model takes any.
        """
        for piece in _pieces(window, self._reader.longest):
            said = self._reader.said(piece, language, terms)
            if said.is_whole or piece.duration < 2 * _SHORTEST:
                yield said
                continue
            self._counts["read_in_halves"] += 1
            for half in _pieces(piece, piece.duration / 2):
                yield self._reader.said(half, language, terms)

    def _candidates(self, settings: Settings) -> tuple[str, ...]:
        wanted = settings.languages if settings.language == "auto" else (settings.language,)
        known = self._reader.languages
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
        for said in self.read(window, forced, terms):
            if terms and is_of_terms(said.text, vocabulary):
                self._counts["read_without_terms"] += 1
                yield from self.read(said.window, forced, ())
            else:
                yield said

    def _timed(self, read: Iterator[Said]) -> Iterator[Said]:
        """The same; the time counts as search, encoder included: such libraries do both at once."""
        while True:
            with self._stages.at("search"):
                said = next(read, None)
            if said is None:
                return
            if said.tokens:  # some libraries do not name them
                self._stages.made("search", len(said.tokens))
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


def without_loop(text: str) -> str:
    """`text` with what is said more than twenty times on end said once."""
    return _LOOP.sub(r"\1", text)


def _pieces(window: Window, longest: float) -> list[Window]:
    """A window, or what is said in it in pieces no longer than that."""
    if window.duration <= longest:
        return [window]
    found = [*speech_windows([window.waveform], offset=window.start, max_duration=longest)]
    return found or [window]


def _spans(starts: Sequence[float], end: float) -> list[tuple[float, float]]:
    """When tokens that begin at these times were said."""
    return [(at, min(after, at + _LONGEST_TOKEN)) for at, after in pairwise([*starts, end])]
