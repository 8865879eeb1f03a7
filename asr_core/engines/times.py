"""When words were said that an engine wrote without times: by an aligner, by CTC, or by length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Protocol, TypeVar

from asr_core.audio.segment import Window
from asr_core.engines import Engine, load_engine
from asr_core.engines.folders import BUNDLED
from asr_core.errors import AsrError
from asr_core.result import Segment
from asr_core.settings import Settings
from asr_core.text.timing import shared_time

Span = tuple[float, float]  # seconds from the start of the recording
Times = Sequence[Span | None]  # of every word; None where nothing of it can be heard
Alignment = Callable[[Window, str, str], Segment | None]  # of a text in a window, in a language

_Given = TypeVar("_Given")


class Aligner(Protocol):
    """A model that is told what was said and finds out when."""

    def times(self, window: Window, words: Sequence[str], language: str) -> Times | None:
        """When each of the words was said; None for a language or a length it does not know."""
        ...


class WordTimes:
    """The best times that can be had for the words of a text.

    Args:
        aligner: gives a forced aligner, loaded, if there is one here.
        bundled: gives the bundled engine's own alignment of a text, loading it when first asked.

    Attributes:
        notes: sentences for the user: why an aligner that is here is not used.
    """

    def __init__(self, aligner: Callable[[], Aligner | None], bundled: Alignment) -> None:
        self.notes: list[str] = []
        self._bundled = bundled
        self._aligner = self._tried(aligner)

    def __call__(self, window: Window, text: str, words: Sequence[str], language: str) -> Times:
        """When each of the words of `text` was said in `window`."""
        if (aligner := self._aligner) is not None:
            found = self._tried(lambda: aligner.times(window, words, language))
            if found is not None:
                return found
        aligned = self._bundled(window, text, language)
        if aligned is not None and len(aligned.words) == len(words):
            return [(word.start, word.end) for word in aligned.words]
        return shared_time([len(word) for word in words], window.start, window.end)

    def _tried(self, ask: Callable[[], _Given | None]) -> _Given | None:
        """What an aligner gives; once it has failed, none is asked any more."""
        try:
            return ask()
        except AsrError as error:
            self._aligner = None
            self.notes.extend((str(error), "The bundled model tells when words were said instead."))
            return None


def bundled_alignment(settings: Settings) -> Alignment:
    """The bundled engine's alignment; it is loaded when it is first asked."""

    @lru_cache(maxsize=1)
    def engine() -> Engine:
        return load_engine(replace(settings.of_first.on_torch, engine=BUNDLED))

    return lambda window, text, language: engine().align(window, text, language)
