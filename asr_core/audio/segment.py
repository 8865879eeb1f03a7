"""A stream of sound to windows of speech, cut at pauses, none longer than 30 seconds.

Spans begin and end where somebody speaks; windows pack the spans that stand close together, since
the recognizer works on longer pieces with more context. Silence gives nothing at all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.voice import FRAME, speech_probabilities

LONGEST = 30.0  # seconds, what the recognizer can take at once

SPEECH = 0.5  # probability at which speech begins
SILENCE = 0.35  # and below which it may have ended
CLEAR = 0.9  # a span shorter than BRIEF must reach this
BRIEF = 0.1  # seconds
LULL = 0.1  # seconds over which the quietest point of a long span is sought


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """At most 30 seconds of a recording, with its stretches of speech.

    Attributes:
        start: seconds from the start of the recording.
        waveform: (N,) float32, 16 kHz mono, exactly as in the recording.
        spans: (start, end) of each stretch, seconds from the start of the recording, in order,
            disjoint; the first begins and the last ends with the window.
        is_open: it is still growing, and will be given again; only live sound has such windows.
    """

    start: float
    waveform: NDArray[np.float32]
    spans: tuple[tuple[float, float], ...]
    is_open: bool = False

    @property
    def duration(self) -> float:
        return len(self.waveform) / SAMPLE_RATE

    @property
    def end(self) -> float:
        """Seconds from the start of the recording."""
        return (round(self.start * SAMPLE_RATE) + len(self.waveform)) / SAMPLE_RATE


def speech_windows(
    blocks: Iterable[NDArray[np.float32]],
    *,
    offset: float = 0.0,
    max_duration: float = LONGEST,
    first: float = 10.0,
    usual: float = 20.0,
    max_gap: float = 2.0,
    min_pause: float = 0.25,
    lead: float = 0.2,
    trail: float = 0.1,
    with_open: bool = False,
) -> Iterator[Window]:
    """The speech in a stream of sound, window by window, as soon as each is complete.

    Holds about one window of sound. A span longer than `max_duration` is cut at its quietest
    point, in the second half of what is allowed.

    Args:
        blocks: (N,) at 16 kHz, of any lengths.
        offset: seconds of the recording that lie before the first block.
        max_duration: seconds, of a window and so of a span.
        first: seconds that spans may share in the first window: the first text comes the sooner.
        usual: and in the others. More context means fewer errors, but what a decoder step reads of
            the sound grows with the window. A longer span has a window of its own.
        max_gap: seconds of silence that may lie between two spans of one window.
        min_pause: seconds without speech that end a span.
        lead, trail: seconds kept before and behind the speech, up to the neighbor. Speech is
            noticed late where its first sound is soft.
        with_open: give the window that is growing, too, after every second; it is without sound
            where nothing has been said in it.
    """
    if not 1 <= max_duration <= LONGEST:
        raise ValueError(f"max_duration must be 1 to {LONGEST:g} seconds, not {max_duration}")
    tape = _Tape()
    spans = _Spans(tape, round(max_duration * SAMPLE_RATE), min_pause, lead, trail)
    rooms = [round(min(room, max_duration) * SAMPLE_RATE) for room in (first, usual)]
    packer = _Packer(tape, rooms, round(max_gap * SAMPLE_RATE), round(offset * SAMPLE_RATE))
    for samples, probabilities in speech_probabilities(blocks):
        tape.append(samples)
        for probability in probabilities.tolist():
            for span in spans.hear(probability):
                yield from packer.add(span)
        yield from packer.settle(*spans.outlook())
        tape.forget(packer.start(spans.outlook()[0]))
        if with_open:
            yield packer.so_far(spans.running())
    for span in spans.finish():
        yield from packer.add(span)
    yield from packer.flush()


class _Tape:
    """The last seconds of a stream, by their place in the whole."""

    def __init__(self) -> None:
        self._blocks: deque[NDArray[np.float32]] = deque()
        self._start = 0  # samples
        self.end = 0

    def append(self, block: NDArray[np.float32]) -> None:
        self._blocks.append(block)
        self.end += len(block)

    def forget(self, before: int) -> None:
        """Drop whole blocks that end before a sample."""
        while self._blocks and self._start + len(self._blocks[0]) <= before:
            self._start += len(self._blocks.popleft())

    def copy(self, start: int, end: int) -> NDArray[np.float32]:
        """The samples from `start` to before `end`."""
        pieces, position = [], self._start
        for block in self._blocks:
            if position < end and position + len(block) > start:
                pieces.append(block[max(start - position, 0) : end - position])
            position += len(block)
        return np.concatenate(pieces)


class _Spans:
    """Turns probabilities into stretches of speech, in samples."""

    def __init__(
        self, tape: _Tape, longest: int, min_pause: float, lead: float, trail: float
    ) -> None:
        self._tape = tape
        self._longest = longest
        self._min_pause = min_pause * SAMPLE_RATE
        self._lead, self._trail = round(lead * SAMPLE_RATE), round(trail * SAMPLE_RATE)
        self._position = 0  # where the frame to come begins
        self._done = 0  # end of the last span given
        self._begin: int | None = None  # of the span being heard
        self._onset = 0  # the same without the lead
        self._pause: int | None = None  # where it may have ended
        self._best = 0.0  # highest probability in it

    def hear(self, probability: float) -> Iterator[tuple[int, int]]:
        """Take the next frame; give the spans that are complete."""
        frame, self._position = self._position, self._position + FRAME
        if probability >= SPEECH:
            if self._begin is None:
                self._begin, self._onset = max(frame - self._lead, self._done), frame
                self._best = 0.0
            self._pause = None
        elif probability < SILENCE and self._begin is not None:
            self._pause = frame if self._pause is None else self._pause
        self._best = max(self._best, probability)
        if self._begin is None:
            return
        if self._pause is not None and self._position - self._pause >= self._min_pause:
            yield from self._close(self._pause)
        elif min(self._position, self._tape.end) - self._begin >= self._longest:
            yield self._cut()

    def running(self) -> tuple[int, int] | None:
        """The span being heard, as far as it has come; None in a pause."""
        if self._begin is None:
            return None
        if self._pause is None:
            return self._begin, self._tape.end
        return self._begin, min(self._pause + self._trail, self._tape.end)

    def finish(self) -> Iterator[tuple[int, int]]:
        """The span still being heard when the recording ends."""
        if self._begin is not None:
            yield from self._close(self._tape.end if self._pause is None else self._pause)

    def outlook(self) -> tuple[int, int]:
        """The next span cannot begin before the first sample, nor end before the second."""
        if self._begin is None:
            nothing_yet = max(self._position - self._lead, self._done)
            return nothing_yet, nothing_yet
        return self._begin, self._position if self._pause is None else self._pause

    def _close(self, offset: int) -> Iterator[tuple[int, int]]:
        end = min(offset + self._trail, self._tape.end)
        brief = offset - self._onset < BRIEF * SAMPLE_RATE
        if not (brief and self._best < CLEAR):
            while self._begin is not None and end - self._begin > self._longest:
                yield self._cut()
            if self._begin is not None and end > self._begin:
                self._done = end
                yield self._begin, end
        self._begin = self._pause = None

    def _cut(self) -> tuple[int, int]:
        """The first part of a span that is too long; the rest goes on as a span of its own."""
        assert self._begin is not None
        begin = self._begin
        earliest = begin + self._longest // 2
        sound = self._tape.copy(earliest, min(begin + self._longest, self._tape.end))
        self._begin = self._onset = self._done = earliest + _quietest(sound)
        return begin, self._done


def _quietest(sound: NDArray[np.float32]) -> int:
    """The middle of the stretch of `LULL` with the least energy, in samples."""
    width = round(LULL * SAMPLE_RATE)
    total = np.concatenate([[0.0], np.cumsum(np.square(sound, dtype=np.float64))])
    return int((total[width:] - total[:-width]).argmin()) + width // 2


class _Packer:
    """Collects spans while they fit into one window."""

    def __init__(self, tape: _Tape, rooms: Sequence[int], max_gap: int, offset: int) -> None:
        """Fill windows of up to `rooms` samples, the first and all that follow."""
        self._tape = tape
        self._offset = offset
        self._room, self._later = rooms
        self._max_gap = max_gap
        self._spans: list[tuple[int, int]] = []

    def add(self, span: tuple[int, int]) -> Iterator[Window]:
        """Take a span; give the window it does not fit into."""
        yield from self.settle(*span)
        self._spans.append(span)

    def settle(self, begin: int, end: int) -> Iterator[Window]:
        """Give the window if a span that begins and ends no earlier than this cannot join it."""
        if self._spans and (
            begin - self._spans[-1][1] > self._max_gap or end - self._spans[0][0] > self._room
        ):
            yield from self.flush()

    def flush(self) -> Iterator[Window]:
        """Give the window, if there is one."""
        if self._spans:
            yield self._window(self._spans)
            self._spans = []
            self._room = self._later

    def so_far(self, running: tuple[int, int] | None) -> Window:
        """The window as it would be now, with the span that is being heard."""
        spans = self._spans if running is None else [*self._spans, running]
        return replace(self._window(spans), is_open=True)

    def start(self, otherwise: int) -> int:
        """The first sample still needed."""
        return self._spans[0][0] if self._spans else otherwise

    def _window(self, spans: Sequence[tuple[int, int]]) -> Window:
        if not spans:
            return Window(self._seconds(self._tape.end), np.zeros(0, np.float32), ())
        start, end = spans[0][0], spans[-1][1]
        timed = tuple((self._seconds(a), self._seconds(b)) for a, b in spans)
        return Window(self._seconds(start), self._tape.copy(start, end), timed)

    def _seconds(self, sample: int) -> float:
        return (self._offset + sample) / SAMPLE_RATE
