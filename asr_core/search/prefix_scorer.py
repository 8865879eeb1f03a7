"""CTC prefix probabilities of many hypotheses at once, one label further at a time."""

from __future__ import annotations

import torch
from torch import Tensor

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

    def __init__(self, log_probs: Tensor, lengths: Tensor, eos_id: int, blank_id: int = 0) -> None:
        """Begin with the empty prefix, one row an utterance.

        Args:
            log_probs: (B, T, V) natural log CTC posteriors; padding may hold anything.
            lengths: (B,) frames.
        """
        device = torch.device("cpu") if log_probs.device.type == "mps" else log_probs.device
        self._log_probs = log_probs.to(device)  # float64 is made of what is gathered only
        self._lengths = lengths.to(device)
        self._eos_id, self._blank_id = eos_id, blank_id
        n_utterances, n_frames, _ = log_probs.shape
        self._silence = torch.zeros(n_utterances, n_frames + 1, dtype=torch.float64, device=device)
        blank = self._log_probs[:, :, blank_id].double().clamp(min=_FLOOR)
        self._silence[:, 1:] = blank.cumsum(dim=1)  # (B, T+1), log P(blanks up to t)
        self._frames = torch.arange(n_frames, device=device)
        self._utterance = torch.arange(n_utterances, device=device)
        self._blank = self._silence.clone()
        self._label = torch.full_like(self._blank, -torch.inf)
        self._last = torch.full_like(self._utterance, -1)

    def score(self, candidates: Tensor) -> Tensor:
        """log psi of every row's prefix with one candidate label appended.

        Args:
            candidates: (R, S) labels; the end token asks for the prefix and nothing after it.

        Returns:
            (R, S) float64 on the candidates' device; the blank gets -inf.
        """
        wanted = candidates.to(self._last.device)
        before = self._paths_before(wanted)  # (R, S, T)
        inside = self._frames < self._lengths[self._utterance, None]  # (R, T)
        emitted = self._emitted(wanted)
        psi = (before + emitted).masked_fill_(~inside[:, None], -torch.inf).logsumexp(dim=2)
        whole = torch.logaddexp(self._label, self._blank)
        whole = whole.gather(1, self._lengths[self._utterance, None])  # (R, 1)
        psi = torch.where(wanted == self._eos_id, whole, psi)
        return psi.masked_fill_(wanted == self._blank_id, -torch.inf).to(candidates.device)

    def select(self, rows: Tensor, labels: Tensor) -> None:
        """Make row i what row `rows[i]` was with `labels[i]` appended; both are (R',)."""
        rows, labels = rows.to(self._last.device), labels.to(self._last.device)
        self._utterance, self._last = self._utterance[rows], self._last[rows]
        self._label, self._blank = self._label[rows], self._blank[rows]
        before = self._paths_before(labels[:, None])[:, 0]  # (R', T)
        emitted = self._emitted(labels[:, None])[:, 0]
        said = emitted.cumsum(dim=1)
        self._label = torch.full_like(self._blank, -torch.inf)
        self._label[:, 1:] = said + torch.logcumsumexp(before - (said - emitted), dim=1)
        silence = self._silence[self._utterance]  # (R', T+1)
        self._blank = torch.full_like(self._blank, -torch.inf)
        self._blank[:, 1:] = silence[:, 1:] + torch.logcumsumexp(
            self._label[:, :-1] - silence[:, :-1], dim=1
        )
        self._last = labels

    def _emitted(self, labels: Tensor) -> Tensor:
        """(R, S, T) float64 log posteriors of (R, S) labels."""
        return self._log_probs[self._utterance[:, None], :, labels].double().clamp_(min=_FLOOR)

    def _paths_before(self, labels: Tensor) -> Tensor:
        """(R, S, T): log P of the prefix in t frames such that a label may follow in the next."""
        whole = torch.logaddexp(self._label, self._blank)[:, None, :-1]
        apart = self._blank[:, None, :-1]  # a repeated label needs a blank in between
        return torch.where((labels == self._last[:, None])[:, :, None], apart, whole)
