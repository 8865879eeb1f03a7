"""Two models: a fast one hears everything, a careful one what the fast one was not sure of."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.segment import Window
from asr_core.engines import Engine, Recognized
from asr_core.limits import memory_unbound
from asr_core.result import Segment
from asr_core.settings import Settings
from asr_core.speed import Speed

_LEAST = 0.1  # seconds of sound that are worth reading again


class TieredEngine:
    """Reads everything by the first engine, and again by the second what it was not sure of.

    Neighbors that are read again go together, for the sake of their context. What the second engine
    gives takes their place even where it hears nothing or is no surer: the confidences of two
    models cannot be compared.

    Args:
        load_second: makes the second engine, when it is first needed.
    """

    def __init__(self, first: Engine, load_second: Callable[[], Engine]) -> None:
        self.name = first.name
        self._first = first
        self._load_second = load_second
        self._second: Engine | None = None
        self._counts: Counter[str] = Counter()

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Generator[Recognized]:
        """Segments window by window."""
        self._counts.clear()
        unanswered: deque[Window] = deque()
        for recognized in self._first.recognize(_noted(windows, unanswered), settings):
            window = unanswered[0]
            if recognized.draft and not window.is_open:
                yield recognized
                continue
            unanswered.popleft()
            if window.is_open:  # its words are a draft; the second model waits for the whole of it
                yield recognized
                continue
            segments = yield from self._settled(window, recognized.segments, settings)
            yield Recognized(recognized.end, segments)

    def align(self, window: Window, text: str, language: str) -> Segment | None:
        """The words of `text` with their times, by the first engine."""
        return self._first.align(window, text, language)

    def decode(self, settings: Settings) -> str:
        """The first engine's way."""
        return self._first.decode(settings)

    def speed(self, settings: Settings) -> Speed:
        """That of the first engine; what is read again takes its time beside."""
        return self._first.speed(settings)

    def stats(self) -> dict[str, Any]:
        """Those of the first engine, how many segments were read again, and by whom."""
        found = {**self._first.stats(), "segments": 0, "redone": 0, **self._counts}
        if self._second is not None:  # its counts are of its last window alone
            said = self._second.stats()
            where = {name: said[name] for name in ("device", "precision") if name in said}
            found["second"] = {"engine": self._second.name, **where}
        return found

    def _settled(
        self, window: Window, segments: Sequence[Segment], settings: Settings
    ) -> Generator[Recognized, None, tuple[Segment, ...]]:
        """The segments of a window, the doubtful ones read again; drafts of these on the way."""
        runs = [
            (run, _cut(window, *_edges(window, segments, run)) if is_doubtful else None)
            for is_doubtful, run in _runs(segments, settings.second_below)
        ]
        cuts = [cut for _, cut in runs if cut is not None]
        again: list[tuple[Segment, ...]] = []
        for recognized in self._careful().recognize(cuts, settings) if cuts else ():
            if recognized.draft:
                yield recognized
            else:
                again.append(tuple(replace(s, redone=True) for s in recognized.segments))
        found: list[Segment] = []
        readings = iter(again)
        for run, cut in runs:
            found += segments[run] if cut is None else next(readings)
        self._counts["segments"] += len(segments)
        self._counts["redone"] += sum(len(segments[run]) for run, cut in runs if cut is not None)
        return tuple(found)

    def _careful(self) -> Engine:
        if self._second is None:
            with memory_unbound():
                self._second = self._load_second()
        return self._second


def _noted(windows: Iterable[Window], noted: deque[Window]) -> Iterator[Window]:
    """The windows, each that will be answered noted as it is taken."""
    for window in windows:
        if window.spans or not window.is_open:
            noted.append(window)
        yield window


def _runs(segments: Sequence[Segment], below: float) -> Iterator[tuple[bool, slice]]:
    """The places of neighbors that are all doubtful, or all not."""
    at = 0
    for is_doubtful, run in groupby(segments, lambda segment: segment.confidence < below):
        first, at = at, at + len(tuple(run))
        yield is_doubtful, slice(first, at)


def _edges(window: Window, segments: Sequence[Segment], run: slice) -> tuple[float, float]:
    """Where the sound of some segments begins and ends: in the middle between them and others."""
    start, end = window.start, window.end
    if run.start > 0:
        start = (segments[run.start - 1].end + segments[run.start].start) / 2
    if run.stop < len(segments):
        end = (segments[run.stop - 1].end + segments[run.stop].start) / 2
    return start, end


def _cut(window: Window, start: float, end: float) -> Window | None:
    """The speech of a window between two times; None where there is next to none."""
    parts = ((max(a, start), min(b, end)) for a, b in window.spans)
    spans = tuple((a, b) for a, b in parts if b > a)
    if not spans or spans[-1][1] - spans[0][0] < _LEAST:
        return None
    first, last = (round((t - window.start) * SAMPLE_RATE) for t in (spans[0][0], spans[-1][1]))
    return Window(spans[0][0], window.waveform[first:last], spans)
