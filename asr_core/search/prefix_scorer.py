"""CTC prefix probabilities of many hypotheses at once, one label further at a time."""

from __future__ import annotations

from copy import copy

import torch
from torch import Tensor
from torch.nn.functional import pad

from asr_core.search.posteriors import Posteriors

END = -1  # asks for the prefix and nothing after it
SAME = -2  # a candidate that adds no label to its prefix
_FLOOR = -700.0  # stands for log 0: what float64 can still exponentiate


class PrefixScorer:
    """log psi(g) = log P(the labelling begins with g | sound) for one prefix g a row.

    Forward variables `_blank[r, t]` and `_whole[r, t]`: log P of the paths through t frames that
    output exactly g and end in a blank, or end anyhow. Scoring a candidate needs no recursion,
    only the variables of its prefix; the recursion runs for chosen candidates alone, as cumulative
    log-sums in float64 (float32 cannot hold sums over many frames next to their differences).

    Source: Watanabe, Hori et al. 2017, Hybrid CTC/Attention Architecture, algorithm 2; one row for
    the time before the first frame makes its special cases disappear.
    """

    def __init__(
        self,
        posteriors: Posteriors,
        utterances: Tensor | None = None,
        blank_id: int = 0,
    ) -> None:
        """Begin with the empty prefix.

        Args:
            posteriors: of B utterances with up to T frames.
            utterances: (R,) utterance of each row; None: one row for each in order.
        """
        device = posteriors.lengths.device
        if device.type == "mps":  # has no float64
            device = torch.device("cpu")
        self._lengths = posteriors.lengths.to(device)
        self._blank_id = blank_id
        all_of_them = torch.arange(len(self._lengths), device=device)
        outside = torch.arange(posteriors.n_frames, device=device) >= self._lengths[:, None]
        self._columns = _Columns(posteriors, outside)
        blank = posteriors.of(all_of_them, torch.full_like(all_of_them, blank_id))
        blank = blank.to(device).double().clamp(min=_FLOOR).masked_fill(outside, 0.0)
        self._silence = pad(blank.cumsum(dim=1), (1, 0))  # (B, T+1), log P(only blanks up to t)
        self._utterance = all_of_them if utterances is None else utterances.to(device)
        self._last = torch.full_like(self._utterance, END)
        self._blank = self._silence[self._utterance]
        self._whole = self._blank  # log-sum of both kinds of paths
        self._psi = torch.zeros_like(self._blank[:, 0])

    def score(self, candidates: Tensor) -> Tensor:
        """log psi of every row's prefix with one candidate appended.

        Args:
            candidates: (R, S) labels, END or SAME.

        Returns:
            (R, S) float64; the blank gets -inf.
        """
        wanted = candidates.to(self._last.device)
        labels = wanted.clamp(min=0)
        posteriors = self._columns.of(self._utterance[:, None], labels)  # (R, S, T)
        psi = _sum(self._whole[:, :-1], posteriors)
        rows, places = (labels == self._last[:, None]).nonzero(as_tuple=True)
        if len(rows):  # a repeated label needs a blank in between
            psi[rows, places] = _sum(self._blank[rows, :-1], posteriors[rows, places, None])[:, 0]
        psi.masked_fill_(labels == self._blank_id, -torch.inf)
        ended = self._whole.gather(1, self._lengths[self._utterance, None])  # (R, 1)
        psi = torch.where(wanted == END, ended, psi)
        return torch.where(wanted == SAME, self._psi[:, None], psi)

    def select(self, rows: Tensor, labels: Tensor) -> None:
        """Make row i what row `rows[i]` was with `labels[i]` (or SAME) appended; both are (R',)."""
        rows, labels = rows.to(self._last.device), labels.to(self._last.device)
        for name in ("_utterance", "_last", "_blank", "_whole", "_psi"):
            setattr(self, name, getattr(self, name)[rows])
        grown = labels != SAME
        if not bool(grown.any()):
            return
        added = labels.clamp(min=0)
        before = torch.where((added == self._last)[:, None], self._blank, self._whole)[:, :-1]
        posteriors = self._columns.of(self._utterance, added)  # (R', T)
        emitted = posteriors.log().clamp_(min=_FLOOR)
        said = emitted.cumsum(dim=1)
        label = said + torch.logcumsumexp(before - (said - emitted), dim=1)
        label = pad(label, (1, 0), value=-torch.inf)  # (R', T+1)
        silence = self._silence[self._utterance]
        blank = torch.logcumsumexp(label[:, :-1] - silence[:, :-1], dim=1)
        blank = pad(blank + silence[:, 1:], (1, 0), value=-torch.inf)
        self._whole = torch.where(grown[:, None], torch.logaddexp(label, blank), self._whole)
        self._blank = torch.where(grown[:, None], blank, self._blank)
        self._psi = torch.where(grown, _sum(before, posteriors[:, None])[:, 0], self._psi)
        self._last = torch.where(grown, labels, self._last)

    def fork(self, rows: Tensor) -> PrefixScorer:
        """A scorer of its own whose row i is what row `rows[i]` is here."""
        twin = copy(self)
        twin.select(rows, torch.full_like(rows, SAME))
        return twin


def _sum(before: Tensor, posteriors: Tensor) -> Tensor:
    """Log-sum over frames of (n, T) paths before and (n, S, T) labels after them: (n, S).

    A product of probabilities, far faster than sums of exponentials: the posteriors are powers
    already, and without their largest term the paths neither vanish nor overflow.
    """
    if before.shape[1] == 0:
        return before.new_full(posteriors.shape[:2], -torch.inf)
    top = before.amax(dim=1, keepdim=True).clamp(min=torch.finfo(before.dtype).min)  # (n, 1)
    return top + (posteriors @ (before - top).exp()[:, :, None])[:, :, 0].log()


class _Columns:
    """Posteriors over time of the labels asked for, each fetched and exponentiated once.

    Getting them again at every step would cost more than all else.
    """

    def __init__(self, source: Posteriors, outside: Tensor) -> None:
        """Of utterances whose frames `outside` (B, T) are padding."""
        self._source, self._outside = source, outside
        n_utterances, n_frames = outside.shape
        self._slots = torch.full((n_utterances, source.n_units), -1, device=outside.device)
        self._fetched = torch.empty(0, n_frames, dtype=torch.float64, device=outside.device)
        self._n_fetched = 0  # rows of it that are in use

    def of(self, utterances: Tensor, labels: Tensor) -> Tensor:
        """(..., T) float64 posteriors of labels, 0 in padding."""
        utterances = utterances.expand_as(labels)
        slots = self._slots[utterances, labels]
        if bool((slots < 0).any()):
            missing = torch.stack([utterances[slots < 0], labels[slots < 0]]).unique(dim=1)
            found = self._source.of(missing[0], missing[1]).to(self._outside.device)  # (n, T)
            found = (
                found.double().clamp(min=_FLOOR).exp().masked_fill(self._outside[missing[0]], 0.0)
            )
            first, self._n_fetched = self._n_fetched, self._n_fetched + len(found)
            if self._n_fetched > len(self._fetched):
                grown = found.new_empty(2 * self._n_fetched, found.shape[1])
                grown[:first] = self._fetched[:first]
                self._fetched = grown
            self._fetched[first : self._n_fetched] = found
            new_slots = torch.arange(first, self._n_fetched, device=found.device)
            self._slots[missing[0], missing[1]] = new_slots
            slots = self._slots[utterances, labels]
        return self._fetched[slots]
