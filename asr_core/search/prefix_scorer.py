"""CTC prefix probabilities of many hypotheses at once, one label further at a time."""

from __future__ import annotations

from copy import copy

import torch
from torch import Tensor

END = -1  # asks for the prefix and nothing after it
SAME = -2  # a candidate that adds no label to its prefix
_FLOOR = -1e5  # stands for log 0, small enough that sums stay exact


class PrefixScorer:
    """log psi(g) = log P(the labelling begins with g | sound) for one prefix g a row.

    Forward variables `_label[r, t]` and `_blank[r, t]`: log P of the paths through t frames that
    output exactly g and end in a label or in a blank. Scoring a candidate needs no recursion,
    only the variables of its prefix; the recursion runs for chosen candidates alone, as cumulative
    log-sums in float64 (float32 cannot hold sums over many frames next to their differences).

    Source: Watanabe, Hori et al. 2017, Hybrid CTC/Attention Architecture, algorithm 2; one row for
    the time before the first frame makes its special cases disappear.
    """

    def __init__(self, log_probs: Tensor, lengths: Tensor, blank_id: int = 0) -> None:
        """Begin with the empty prefix, one row an utterance.

        Args:
            log_probs: (B, T, V) natural log CTC posteriors; padding may hold anything.
            lengths: (B,) frames.
        """
        if log_probs.device.type == "mps":  # has no float64
            log_probs = log_probs.cpu()
        device = log_probs.device
        self._log_probs = log_probs  # float64 is made of what is gathered only
        self._lengths = lengths.to(device)
        self._blank_id = blank_id
        n_utterances, n_frames, _ = log_probs.shape
        self._frames = torch.arange(n_frames, device=device)
        blank = log_probs[:, :, blank_id].double().clamp(min=_FLOOR)
        silence = torch.zeros(n_utterances, n_frames + 1, dtype=torch.float64, device=device)
        silence[:, 1:] = blank.cumsum(dim=1)
        self._silence = silence  # (B, T+1), log P(nothing but blanks up to t)
        self._utterance = torch.arange(n_utterances, device=device)
        self._blank = silence
        self._label = torch.full_like(silence, -torch.inf)
        self._last = torch.full_like(self._utterance, END)
        self._psi = torch.zeros(n_utterances, dtype=torch.float64, device=device)

    def score(self, candidates: Tensor) -> Tensor:
        """log psi of every row's prefix with one candidate appended.

        Args:
            candidates: (R, S) labels, END or SAME.

        Returns:
            (R, S) float64; the blank gets -inf.
        """
        wanted = candidates.to(self._last.device)
        labels = wanted.clamp(min=0)
        inside = self._frames < self._lengths[self._utterance, None]  # (R, T)
        paths = self._paths_before(labels) + self._emitted(labels)  # (R, S, T)
        psi = paths.masked_fill_(~inside[:, None], -torch.inf).logsumexp(dim=2)
        psi.masked_fill_(labels == self._blank_id, -torch.inf)
        whole = torch.logaddexp(self._label, self._blank)
        whole = whole.gather(1, self._lengths[self._utterance, None])  # (R, 1)
        psi = torch.where(wanted == END, whole, psi)
        return torch.where(wanted == SAME, self._psi[:, None], psi)

    def select(self, rows: Tensor, labels: Tensor) -> None:
        """Make row i what row `rows[i]` was with `labels[i]` (or SAME) appended; both are (R',)."""
        rows, labels = rows.to(self._last.device), labels.to(self._last.device)
        for name in ("_utterance", "_last", "_label", "_blank", "_psi"):
            setattr(self, name, getattr(self, name)[rows])
        if not bool((labels != SAME).any()):
            return
        added = labels.clamp(min=0)[:, None]
        psi = self.score(added)[:, 0]
        before, emitted = self._paths_before(added)[:, 0], self._emitted(added)[:, 0]  # (R', T)
        silence = self._silence[self._utterance]  # (R', T+1)
        said = emitted.cumsum(dim=1)
        label, blank = torch.full((2, *silence.shape), -torch.inf, device=silence.device).double()
        label[:, 1:] = said + torch.logcumsumexp(before - (said - emitted), dim=1)
        blank[:, 1:] = silence[:, 1:] + torch.logcumsumexp(label[:, :-1] - silence[:, :-1], dim=1)
        grown = labels != SAME
        self._label = torch.where(grown[:, None], label, self._label)
        self._blank = torch.where(grown[:, None], blank, self._blank)
        self._last = torch.where(grown, labels, self._last)
        self._psi = torch.where(grown, psi, self._psi)

    def fork(self, rows: Tensor) -> PrefixScorer:
        """A scorer of its own whose row i is what row `rows[i]` is here."""
        twin = copy(self)
        twin.select(rows, torch.full_like(rows, SAME))
        return twin

    def _emitted(self, labels: Tensor) -> Tensor:
        """(R, S, T) float64 log posteriors of (R, S) labels."""
        found = self._log_probs[self._utterance[:, None], :, labels]
        return found.double().clamp_(min=_FLOOR)

    def _paths_before(self, labels: Tensor) -> Tensor:
        """(R, S, T): log P of the prefix in t frames such that a label may follow in the next."""
        whole = torch.logaddexp(self._label, self._blank)[:, None, :-1]
        apart = self._blank[:, None, :-1]  # a repeated label needs a blank in between
        return torch.where((labels == self._last[:, None])[:, :, None], apart, whole)
