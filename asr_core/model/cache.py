"""What a decoder remembers of the tokens it was fed."""

from __future__ import annotations

import torch
from torch import Tensor

from asr_core.model.attention import MASKED
from asr_core.model.memory import Memory

_NOWHERE = 2**30  # the position of a slot that is not part of a row
_SLOTS = 16  # are attended to together: oneDNN compiles a kernel for every new number of them


class Cache:
    """Keys and values of one batch of hypotheses.

    Keys and values of fed tokens are never moved when hypotheses are reordered. They lie in slots
    of their utterance, which all its rows share; `_slots` says for each row in which slot each
    of its positions lies. All rows of an utterance attend to all its slots in one product, with a
    mask over the slots of other hypotheses. Reordering only permutes that small table.

    Attributes:
        memory: what was heard, of the utterances that are still here.
        lengths: (R,) tokens each row has been fed.
    """

    def __init__(self, memory: Memory, n_beams: int = 1) -> None:
        """Begin with `n_beams` rows an utterance."""
        self.memory = memory
        device = memory.layers[0][0].device
        n_rows = len(memory.sounds) * n_beams
        self.lengths = torch.zeros(n_rows, dtype=torch.long, device=device)
        self._slots = torch.zeros(n_rows, 0, dtype=torch.long, device=device)
        self._past: list[tuple[Tensor, Tensor]] = []  # (B, H, capacity, D / H), every layer
        self._n_slots = 0
        self._n_new = 0
        self._seat(torch.arange(n_rows, device=device) // n_beams)

    def _seat(self, utterances: Tensor) -> None:
        """Rows are from now on of these (R,) utterances, in order."""
        counts = torch.bincount(utterances, minlength=len(self.memory.sounds))
        firsts = counts.cumsum(0) - counts
        self._utterances = utterances
        self._width = int(counts.max()) if len(utterances) else 0  # most rows of an utterance
        self._seats = torch.arange(len(utterances), device=counts.device) - firsts[utterances]
        self._is_full = len(utterances) == len(counts) * self._width
        self._places = utterances * self._width + self._seats

    def by_utterance(self, x: Tensor) -> Tensor:
        """(R, H, L, d), rows -> (B, H, W L, d), the rows of an utterance side by side.

        W is the most rows that one has; the places of those that others lack are zero.
        """
        if not self._is_full:
            seated = x.new_zeros(len(self.memory.sounds) * self._width, *x.shape[1:])
            x = seated.index_copy_(0, self._places, x)
        return side_by_side(x, len(self.memory.sounds))

    def by_row(self, y: Tensor) -> Tensor:
        """(B, W L, D), as `by_utterance` laid them out -> (R, L, D)."""
        y = y.reshape(len(self.memory.sounds) * self._width, -1, y.shape[-1])
        return y if self._is_full else y[self._places]

    def append(self, n_new: int) -> Tensor:
        """Make room for `n_new` tokens a row: (B, 1, W L, S) 0 or MASKED, what each may see.

        S is a number of slots of which the last ones may be empty.
        """
        n_rows = len(self.lengths)
        self._n_new = n_new * self._width  # slots an utterance gains
        token = torch.arange(n_new, device=self.lengths.device)
        new_slots = self._n_slots + self._seats[:, None] * n_new + token  # (R, L)
        self._n_slots += self._n_new
        position = self.lengths[:, None] + token  # (R, L)
        missing = int(self.lengths.max()) + n_new - self._slots.shape[1]
        if missing > 0:  # slot number S is a place to write what is nowhere
            nowhere = self._slots.new_full((n_rows, missing), _NOWHERE)
            self._slots = torch.cat([self._slots, nowhere], dim=1)
        self._slots.scatter_(1, position, new_slots)
        self.lengths = self.lengths + n_new
        # The position every slot has in every row; beyond the present one it is unseen.
        columns = torch.arange(self._slots.shape[1], device=position.device)
        n_seen = self._n_seen
        places = position.new_full((n_rows, n_seen + 1), _NOWHERE)
        slots = self._slots.clamp_max(n_seen)
        places.scatter_(1, slots, columns.expand_as(slots))
        hidden = places[:, None, :-1] > position[..., None]  # (R, L, S)
        mask = torch.zeros(hidden.shape, device=hidden.device).masked_fill_(hidden, MASKED)
        return self.by_utterance(mask[:, None])

    def remember(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store a layer's (B, H, W L, D / H) new keys and values: all of them, (B, H, S, D / H)."""
        start = self._n_slots - self._n_new
        if layer == len(self._past):
            self._past.append((keys.new_empty(0), values.new_empty(0)))
        stored = []
        for old, new in zip(self._past[layer], (keys, values), strict=True):
            capacity = old.shape[2] if old.dim() == 4 else 0
            if capacity < self._n_seen:
                n_slots = max(2 * capacity, self._n_seen)
                grown = new.new_zeros(*new.shape[:2], n_slots, new.shape[3])  # empty, but finite
                if start:
                    grown[:, :, :start] = old[:, :, :start]
                old = grown
            old[:, :, start : self._n_slots] = new
            stored.append(old)
        self._past[layer] = (stored[0], stored[1])
        return stored[0][:, :, : self._n_seen], stored[1][:, :, : self._n_seen]

    @property
    def _n_seen(self) -> int:
        """Slots that are attended to."""
        return -(-self._n_slots // _SLOTS) * _SLOTS

    def truncate(self, lengths: Tensor) -> None:
        """Forget what each row was fed behind its first `lengths` (R,) tokens."""
        self.lengths = torch.minimum(self.lengths, lengths.to(self.lengths.device))
        columns = torch.arange(self._slots.shape[1], device=self.lengths.device)
        kept = columns < self.lengths[:, None]
        self._slots = self._slots.masked_fill(~kept, _NOWHERE)  # their slots will be filled anew
        used = self._slots[kept]
        self._n_slots = int(used.max()) + 1 if len(used) else 0

    def reorder(self, rows: Tensor) -> None:
        """Make row i what row `rows[i]` was.

        Args:
            rows: (R',) old rows, those of one utterance together, utterances in their old order.
                An utterance that is not named leaves the cache for good.
        """
        rows = rows.to(self.lengths.device)
        if len(rows) == len(self.lengths) and torch.equal(
            rows, torch.arange(len(rows), device=rows.device)
        ):
            return
        kept, utterances = torch.unique_consecutive(self._utterances[rows], return_inverse=True)
        self.lengths, self._slots = self.lengths[rows], self._slots[rows]
        if len(kept) < len(self.memory.sounds):
            self.memory = self.memory.of(kept.tolist())
            for i, (keys, values) in enumerate(self._past):
                self._past[i] = (keys[kept], values[kept])
        self._seat(utterances)


def side_by_side(x: Tensor, n_utterances: int) -> Tensor:
    """(n B, H, L, d), as many rows of every utterance -> (B, H, n L, d)."""
    n_rows, n_heads, n_tokens, d_head = x.shape
    n = n_rows // n_utterances
    if n == 1:
        return x
    x = x.view(-1, n, n_heads, n_tokens, d_head).transpose(1, 2)
    return x.reshape(-1, n_heads, n * n_tokens, d_head)
