"""Searches over CTC posteriors alone: greedy, and prefix beam search."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import torch
from torch import Tensor

from asr_core.search.types import Hypothesis

_CERTAIN = -1e-6  # a blank likelier than this (log) leaves nothing else to consider


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the frames in which CTC heard it."""

    id: int
    start: int  # frame
    end: int  # frame, exclusive
    confidence: float  # geometric mean posterior over its frames, 0..1


def with_blank_penalty(log_probs: Tensor, penalty: float, blank_id: int = 0) -> Tensor:
    """(..., V) log posteriors with `penalty` taken from the blank's logit: fewer deletions."""
    log_probs = log_probs.clone()
    log_probs[..., blank_id] -= penalty
    return log_probs.log_softmax(dim=-1)


def greedy_search(log_probs: Tensor, lengths: Tensor, blank_id: int = 0) -> list[list[Token]]:
    """Take the likeliest token of every frame; merge repeats, then drop blanks.

    Args:
        log_probs: (B, T', V) natural log posteriors; padding may hold anything.
        lengths: (B,) frames.

    Returns:
        Per utterance its tokens in time order.

    Source: Graves et al. 2006, section 3.2, best path decoding.
    """
    if log_probs.shape[1] == 0:
        return [[] for _ in log_probs]
    return merged(*log_probs.max(dim=2), lengths, blank_id)


def merged(best: Tensor, ids: Tensor, lengths: Tensor, blank_id: int = 0) -> list[list[Token]]:
    """What one token a frame says: repeats merged, then blanks dropped.

    Args:
        best: (B, T') natural log posteriors of the tokens `ids` (B, T'); T' > 0.
        lengths: (B,) frames.
    """
    n_utterances, n_frames = ids.shape
    found: list[list[Token]] = [[] for _ in range(n_utterances)]
    padding = torch.arange(n_frames, device=ids.device) >= lengths.to(ids.device)[:, None]
    ids = torch.nn.functional.pad(ids.masked_fill(padding, blank_id), (0, 1), value=-1)  # (B, T'+1)
    total = torch.nn.functional.pad(best.double().cumsum(dim=1), (1, 0)).cpu()  # (B, T'+1)
    changes = torch.ones_like(ids, dtype=torch.bool)
    changes[:, 1:] = ids[:, 1:] != ids[:, :-1]
    runs = changes.nonzero().tolist()  # ends of utterances included
    labels = ids[changes].tolist()
    for (row, start), (_, end), label in zip(runs, runs[1:], labels, strict=False):
        if label not in (blank_id, -1):
            mean = (total[row, end] - total[row, start]).item() / (end - start)
            found[row].append(Token(label, start, end, math.exp(min(mean, 0.0))))
    return found


def prefix_beam_search(
    log_probs: Tensor, lengths: Tensor, beam_size: int = 10, blank_id: int = 0
) -> list[list[Hypothesis]]:
    """The likeliest labellings, summed over their paths, out of those a beam can hold.

    Only the `beam_size` likeliest labels of a frame are followed.

    Args:
        log_probs: (B, T', V) natural log posteriors; padding may hold anything.
        lengths: (B,) frames.

    Returns:
        Per utterance up to `beam_size` hypotheses, best first, with the frame in which each
        token's posterior peaks on the likeliest path.

    Source: Hannun et al. 2014, First-Pass Large Vocabulary Continuous Speech Recognition using
    Bi-Directional Recurrent DNNs, algorithm 1.
    """
    top, ids = log_probs.topk(min(beam_size, log_probs.shape[2]), dim=2)  # once for all frames
    blanks = log_probs[:, :, blank_id].tolist()
    frames = zip(top.tolist(), ids.tolist(), blanks, lengths.tolist(), strict=True)
    return [_search_utterance(t[:n], i[:n], b[:n], beam_size, blank_id) for t, i, b, n in frames]


_Times = tuple["_Times", int, float] | None  # of earlier tokens; frame, log posterior at its peak


class _Node:
    """A prefix in the tree of all that were considered."""

    __slots__ = ("children", "label", "parent")

    def __init__(self, parent: _Node | None = None, label: int = -1) -> None:
        self.parent, self.label = parent, label
        self.children: dict[int, _Node] = {}

    def child(self, label: int) -> _Node:
        node = self.children.get(label)
        if node is None:
            node = self.children[label] = _Node(self, label)
        return node

    def tokens(self) -> tuple[int, ...]:
        found = []
        node = self
        while node.parent is not None:
            found.append(node.label)
            node = node.parent
        return tuple(reversed(found))


@dataclass(slots=True)
class _Paths:
    """The paths of one prefix up to a frame, those that end in a blank apart from the others.

    Log P of their sum, and of the likeliest one with the times of its tokens.
    """

    blank: float = -math.inf
    label: float = -math.inf
    best_blank: float = -math.inf
    best_label: float = -math.inf
    times_blank: _Times = None
    times_label: _Times = None

    def total(self) -> float:
        return _log_add(self.blank, self.label)

    def best(self) -> tuple[float, _Times]:
        if self.best_blank > self.best_label:
            return self.best_blank, self.times_blank
        return self.best_label, self.times_label

    def add_label(self, total: float, best: float, times: _Times) -> None:
        self.label = _log_add(self.label, total)
        if best > self.best_label:
            self.best_label, self.times_label = best, times


def _search_utterance(
    scores: list[list[float]],
    labels: list[list[int]],
    blanks: list[float],
    beam_size: int,
    blank_id: int,
) -> list[Hypothesis]:
    """Prefix beam search over the best labels of each frame, (T', K) with their log posteriors."""
    beam = [(_Node(), _Paths(blank=0.0, best_blank=0.0))]
    for frame, blank in enumerate(blanks):
        if blank > _CERTAIN:
            for _, paths in beam:
                best, times = paths.best()
                paths.blank, paths.label = paths.total() + blank, -math.inf
                paths.best_blank, paths.times_blank = best + blank, times
                paths.best_label = -math.inf
            continue
        grown: dict[_Node, _Paths] = defaultdict(_Paths)
        for node, paths in beam:
            total = paths.total()
            best, times = paths.best()
            for label, score in zip(labels[frame], scores[frame], strict=True):
                if label == blank_id:
                    same = grown[node]
                    same.blank = total + score
                    same.best_blank, same.times_blank = best + score, times
                elif label != node.label:
                    new_times = (times, frame, score)
                    grown[node.child(label)].add_label(total + score, best + score, new_times)
                else:
                    peaked = _peaked(paths.times_label, frame, score)
                    grown[node].add_label(paths.label + score, paths.best_label + score, peaked)
                    if paths.blank > -math.inf:  # a doubled token needs a blank in between
                        grown[node.child(label)].add_label(
                            paths.blank + score,
                            paths.best_blank + score,
                            (paths.times_blank, frame, score),
                        )
        ranked = sorted(grown.items(), key=lambda item: item[1].total(), reverse=True)
        beam = ranked[:beam_size]
    return [_hypothesis(node, paths) for node, paths in beam]


def _peaked(times: _Times, frame: int, score: float) -> _Times:
    """`times` after one more frame of the last token."""
    if times is None or times[2] >= score:
        return times
    return (times[0], frame, score)


def _hypothesis(node: _Node, paths: _Paths) -> Hypothesis:
    total = paths.total()
    frames, peaks = [], []
    times = paths.best()[1]
    while times is not None:
        times, frame, peak = times
        frames.append(frame)
        peaks.append(peak)
    return Hypothesis(
        node.tokens(),
        total,
        tuple(reversed(peaks)),
        ended=True,
        ctc_score=total,
        frames=tuple(reversed(frames)),
    )


def _log_add(a: float, b: float) -> float:
    if a < b:
        a, b = b, a
    return a if b == -math.inf else a + math.log1p(math.exp(b - a))
