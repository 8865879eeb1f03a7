"""What a decoder keeps of what was heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """Cross-attention keys and values of a batch of utterances, made once and never changed.

    Several utterances may be of one sound, which is then kept once: what is asked about it in two
    languages, say.

    Attributes:
        lengths: (B,) frames of every utterance.
        sounds: which sound each of the B utterances is of.
        layers: (S, H, D / H, T') keys and values of the sounds, layer by layer.
        mask: (S, 1, 1, T') 0 or MASKED; None when no sound is padded.
    """

    lengths: Tensor
    sounds: tuple[int, ...]
    layers: tuple[tuple[Tensor, Tensor], ...]
    mask: Tensor | None

    def of(self, utterances: Sequence[int]) -> Memory:
        """Some of the utterances, or one of them several times; copies no keys and values."""
        lengths = self.lengths[list(utterances)]
        return replace(self, lengths=lengths, sounds=tuple(self.sounds[b] for b in utterances))

    def parts(self, layer: int) -> Iterator[tuple[slice, Tensor, Tensor, Tensor | None]]:
        """The utterances, in stretches whose sounds lie side by side.

        Yields:
            The stretch; its (B', H, T', D / H) keys and values in a layer; its mask.
        """
        keys, values = self.layers[layer]
        first = 0
        for end in range(1, len(self.sounds) + 1):
            if end < len(self.sounds) and self.sounds[end] == self.sounds[end - 1] + 1:
                continue
            at = slice(self.sounds[first], self.sounds[end - 1] + 1)
            mask = None if self.mask is None else self.mask[at]
            yield slice(first, end), keys[at].mT, values[at].mT, mask
            first = end
