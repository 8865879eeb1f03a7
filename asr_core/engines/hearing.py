"""Sound -> encoder states, with the silence behind it that the weights need."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.features import log_mel
from asr_core.engines.passages import Passage
from asr_core.model.precision import Placement

_FULL_WINDOW = 30 * SAMPLE_RATE  # samples the original weights know
_TAIL = 10 * SAMPLE_RATE  # of silence they need behind shorter passages
_GRID = 5 * SAMPLE_RATE  # padded lengths are its multiples, so that passages meet in few batches


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
    """

    def __init__(self, placement: Placement, counts: Counter[str]) -> None:
        self._placement = placement
        self._counts = counts

    def states(self, waveforms: Sequence[NDArray[Any]], *, full: bool = False) -> list[Tensor]:
        """(T', D) states of every waveform with silence behind it; equally long ones together.

        Args:
            full: silence up to the full window, not only as much as is needed.
        """
        groups: dict[int, list[int]] = defaultdict(list)
        for i, waveform in enumerate(waveforms):
            groups[_FULL_WINDOW if full else _padded(len(waveform))].append(i)
        states: dict[int, Tensor] = {}
        for n_samples, members in groups.items():
            batch = torch.zeros(len(members), n_samples)
            for row, i in enumerate(members):
                batch[row, : len(waveforms[i])] = torch.from_numpy(waveforms[i])
            features = log_mel(batch)
            lengths = torch.full((len(members),), features.shape[1])
            encoder_out, _ = self._placement.encode(features, lengths)
            states.update(zip(members, encoder_out, strict=True))
            self._counts["encoded_seconds"] += len(members) * n_samples // SAMPLE_RATE
        return [states[i] for i in range(len(waveforms))]


def _padded(n_samples: int) -> int:
    """Samples of a passage with the silence behind it."""
    return min(_FULL_WINDOW, -(-(n_samples + _TAIL) // _GRID) * _GRID)
