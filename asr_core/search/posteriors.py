"""CTC posteriors as searches ask for them: of a few units, over all frames."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Posteriors(Protocol):
    """What CTC hears in B utterances."""

    @property
    def lengths(self) -> Tensor:
        """(B,) frames."""
        ...

    @property
    def n_frames(self) -> int:
        """T'', frames of the longest."""
        ...

    @property
    def n_units(self) -> int:
        """What CTC tells apart, the blank included."""
        ...

    def of(self, utterances: Tensor, units: Tensor) -> Tensor:
        """(n, T'') natural log posteriors, of the units (n,) of utterances (n,).

        Behind the end of an utterance they may be anything.
        """
        ...


class PosteriorTable:
    """Posteriors that lie in memory as a whole.

    Args:
        log_probs: (B, T'', units) natural log; padding may hold anything.
        lengths: (B,) frames.
    """

    def __init__(self, log_probs: Tensor, lengths: Tensor) -> None:
        self.log_probs, self.lengths = log_probs, lengths

    @property
    def n_frames(self) -> int:
        return self.log_probs.shape[1]

    @property
    def n_units(self) -> int:
        return self.log_probs.shape[2]

    def of(self, utterances: Tensor, units: Tensor) -> Tensor:
        device = self.log_probs.device
        return self.log_probs[utterances.to(device), :, units.to(device)]
