"""Passages: windows of speech cut where the language changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.segment import Window
from asr_core.text.language import Choice

_FRAME_RATE = 50.0  # encoder frames a second


@dataclass(frozen=True, slots=True)
class Passage:
    """Sound of up to 30 s in one language.

    Attributes:
        start: seconds from the start of the recording.
        waveform: (N,) float32, 16 kHz.
        spans: (start, end) of the speech in it, seconds from the start of the recording.
        language: empty as long as nobody asked.
        rival: another language it may well be in.
    """

    start: float
    waveform: NDArray[np.float32]
    spans: tuple[tuple[float, float], ...]
    language: str
    rival: str | None = None

    @classmethod
    def whole(cls, window: Window) -> Passage:
        """All of a window, its language not known yet."""
        return cls(window.start, window.waveform, window.spans, "")

    @property
    def duration(self) -> float:
        return len(self.waveform) / SAMPLE_RATE

    @property
    def end(self) -> float:
        return self.start + self.duration

    @property
    def n_frames(self) -> int:
        """Encoder frames of the passage, without the silence behind it."""
        return max(1, math.ceil(self.duration * _FRAME_RATE))

    def frames(self, span: tuple[float, float]) -> slice:
        """The encoder frames of a stretch of the passage, one at least."""
        first = int((span[0] - self.start) * _FRAME_RATE)
        return slice(first, max(first + 1, math.ceil((span[1] - self.start) * _FRAME_RATE)))

    def seconds(self, frames: tuple[float, float]) -> tuple[float, float]:
        """When the first and the last of some encoder frames begin and end."""
        return self.start + frames[0] / _FRAME_RATE, self.start + frames[1] / _FRAME_RATE

    def cut(self, choices: Sequence[Choice]) -> list[Passage]:
        """Cut in the middle of the pauses where the language of the spans changes.

        Args:
            choices: one a span.
        """
        pairs = zip(choices, self.spans, strict=True)
        runs = [
            (choice, tuple(span for _, span in group))
            for choice, group in groupby(pairs, key=lambda pair: pair[0])
        ]
        edges = [self.start]
        edges += [(a[-1][1] + b[0][0]) / 2 for (_, a), (_, b) in pairwise(runs)]
        edges.append(self.end)
        return [
            Passage(
                start,
                self.waveform[self._sample(start) : self._sample(end)],
                spans,
                choice.language,
                choice.rival,
            )
            for (choice, spans), (start, end) in zip(runs, pairwise(edges), strict=True)
        ]

    def _sample(self, seconds: float) -> int:
        return round((seconds - self.start) * SAMPLE_RATE)
