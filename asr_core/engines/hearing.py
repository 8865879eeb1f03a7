"""Sound -> encoder states, with the silence behind it that the weights need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.features import HOP, log_mel
from asr_core.engines.passages import Passage
from asr_core.engines.stages import Stages
from asr_core.model.precision import Placement

_FULL_WINDOW = 30 * SAMPLE_RATE  # samples the original weights know
_MOST_FRAMES = 3000  # encoder frames of the passages that are heard or asked together


@dataclass(slots=True, eq=False)
class Heard:
    """A passage, the window it is of, and what the encoder made of it."""

    window: int
    passage: Passage
    encoder_out: Tensor  # (T', D)

    def in_rival_language(self) -> Heard:
        passage = self.passage
        assert passage.rival
        return replace(self, passage=replace(passage, language=passage.rival))


class Ear:
    """A model's encoder.

    Args:
        counts: gets the seconds that were encoded.
        stages: gets how long that took.
    """

    def __init__(self, placement: Placement, counts: Counter[str], stages: Stages) -> None:
        self._placement = placement
        self._counts = counts
        self._stages = stages

    def states(self, waveforms: Sequence[NDArray[Any]], *, full: bool = False) -> list[Tensor]:
        """(T', D) states of every waveform with silence behind it; those of like length together.

        Args:
            full: silence up to the full window, not only as much as is needed.
        """
        tail = round(self._placement.model.config.tail * SAMPLE_RATE)
        sizes = [_FULL_WINDOW if full else min(_FULL_WINDOW, len(w) + tail) for w in waveforms]
        states: dict[int, Tensor] = {}
        for members in of_like_length([-(-size // (2 * HOP)) for size in sizes]):
            batch = torch.zeros(len(members), max(sizes[i] for i in members))
            for row, i in enumerate(members):
                batch[row, : len(waveforms[i])] = torch.from_numpy(waveforms[i])
            lengths = torch.tensor([sizes[i] // HOP for i in members])
            with self._stages.at("encoder"):
                encoder_out, n_frames = self._placement.encode(log_mel(batch), lengths)
            for row, (i, n) in enumerate(zip(members, n_frames.tolist(), strict=True)):
                states[i] = encoder_out[row, :n]
            self._counts["encoded_seconds"] += sum(sizes[i] for i in members) // SAMPLE_RATE
        return [states[i] for i in range(len(waveforms))]


def of_like_length(n_frames: Sequence[int], most: int = _MOST_FRAMES) -> Iterator[list[int]]:
    """The places of passages in batches that padding makes no larger than `most` frames."""
    batch: list[int] = []
    for i in sorted(range(len(n_frames)), key=n_frames.__getitem__):
        if batch and (len(batch) + 1) * n_frames[i] > max(most, 2 * n_frames[batch[0]]):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
