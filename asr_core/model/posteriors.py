"""CTC posteriors of the grown model: each unit's is computed when a search asks for it.

All of them would be 1.5 MB for every second of sound, and a search looks at one unit in a hundred.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from asr_core.model.hybrid import HybridModel

_SLICE = 128  # frames whose logits are in memory at once


class CtcPosteriors:
    """Log posteriors of B passages, some of which may be of the same sound.

    Attributes:
        lengths: (B,) CTC frames.
        best, best_log_probs: (B, T'') the likeliest unit of every frame.

    Args:
        encoder_out: (S, T', D) states of the sounds, with (S,) `lengths` frames.
        sounds: which of them each passage is of.
    """

    def __init__(
        self, model: HybridModel, encoder_out: Tensor, lengths: Tensor, sounds: Sequence[int]
    ) -> None:
        self._layer = model.ctc.proj
        device = self._layer.device
        self._states, lengths = model.ctc.pooled(encoder_out.to(device), lengths.to(device))
        inside = torch.arange(self._states.shape[1], device=device) < lengths[:, None]  # (S, T'')
        parts = [self._heard(states) for states in self._states[inside].split(_SLICE)]
        norms, tops, units = (torch.cat(part) for part in zip(*parts, strict=True))
        self._norms = torch.zeros(inside.shape, device=device).masked_scatter_(inside, norms)
        tops = torch.zeros_like(self._norms).masked_scatter_(inside, tops)
        units = lengths.new_zeros(inside.shape).masked_scatter_(inside, units)
        self._sounds = torch.tensor(sounds, device=device)
        self.lengths = lengths[self._sounds]
        self.best, self.best_log_probs = units[self._sounds], tops[self._sounds]

    def _heard(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of (n, D) frames: log-sum of the logits, the likeliest unit's log posterior, the unit."""
        logits = self._layer(states).float()
        norms = logits.logsumexp(dim=1)
        tops, units = logits.max(dim=1)
        return norms, tops - norms, units

    @property
    def n_frames(self) -> int:
        return self._states.shape[1]

    @property
    def n_units(self) -> int:
        return self._layer.out_features

    def of(self, utterances: Tensor, units: Tensor) -> Tensor:
        """(n, T'') natural log posteriors, of the units (n,) of passages (n,)."""
        units = units.to(self._sounds.device)
        sounds = self._sounds[utterances.to(self._sounds.device)]
        wanted, columns = units.unique(return_inverse=True)
        asked, rows = sounds.unique(return_inverse=True)
        # One product, although it gives every unit of every sound: quicker than one a sound. And
        # as many units as 32 goes into: oneDNN compiles a kernel for every new number of them.
        wanted = torch.nn.functional.pad(wanted, (0, -len(wanted) % 32))
        states = self._states if len(asked) == len(self._states) else self._states[asked]
        logits = self._layer.of_units(states, wanted)  # (S', T'', n')
        return logits[rows, :, columns].float() - self._norms[sounds]

    def table(self) -> Tensor:
        """(B, T'', units): all of them."""
        log_probs = self._layer(self._states).float() - self._norms[..., None]
        return log_probs[self._sounds]
