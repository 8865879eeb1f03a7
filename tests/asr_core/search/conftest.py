"""A tiny random decoder, and the golden folders."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor


@dataclass(frozen=True)
class TinyMemory:
    """Contexts (B, D) of the utterances and their (B,) frames."""

    context: Tensor
    lengths: Tensor

    def of(self, utterances: list[int]) -> TinyMemory:
        return TinyMemory(self.context[utterances], self.lengths[utterances])


class TinyCache:
    """Contexts (B, D) of the utterances, and the tokens each row was fed."""

    def __init__(self, context: Tensor, n_beams: int) -> None:
        self.context = context
        self.fed: list[list[int]] = [[] for _ in range(len(context) * n_beams)]
        self.utterances = torch.arange(len(self.fed)) // n_beams  # of the rows

    def reorder(self, rows: Tensor) -> None:
        self.utterances = self.utterances[rows]
        self.fed = [list(self.fed[row]) for row in rows.tolist()]

    def truncate(self, lengths: Tensor) -> None:
        self.fed = [fed[:n] for fed, n in zip(self.fed, lengths.tolist(), strict=True)]


class TinyDecoder:
    """A recurrent network over the tokens, moved by the mean of the encoder output."""

    def __init__(self, n_labels: int, width: int = 6, sharpness: float = 2.0) -> None:
        self.embedding = torch.randn(n_labels, width)
        self.recurrence = torch.randn(width, width)
        self.output = torch.randn(width, n_labels) * sharpness
        self.bias = torch.zeros(n_labels)
        self.n_rows: list[int] = []  # in each call of `step`
        self.n_scores = 0

    def hear(self, encoder_out: Tensor, lengths: Tensor) -> TinyMemory:
        context = [e[:n].mean(dim=0) for e, n in zip(encoder_out, lengths.tolist(), strict=True)]
        return TinyMemory(torch.stack(context), lengths)

    def recall(self, memory: TinyMemory, n_beams: int = 1) -> TinyCache:
        return TinyCache(memory.context, n_beams)

    def start(self, encoder_out: Tensor, lengths: Tensor) -> TinyCache:
        return self.recall(self.hear(encoder_out, lengths))

    def _row(self, tokens: list[int], context: Tensor) -> Tensor:
        state = torch.zeros_like(context)
        states = []
        for token in tokens:
            state = torch.tanh(state @ self.recurrence + self.embedding[token] + context)
            states.append(state)
        return (torch.stack(states) @ self.output + self.bias).log_softmax(dim=-1)

    def step(self, tokens: Tensor, cache: TinyCache, last_only: bool = False) -> Tensor:
        self.n_rows.append(len(tokens))
        found = []
        for r, row in enumerate(tokens.tolist()):
            cache.fed[r] += row
            found.append(self._row(cache.fed[r], cache.context[cache.utterances[r]])[-len(row) :])
        return torch.stack(found)[:, -1:] if last_only else torch.stack(found)

    def score(self, tokens: Tensor, cache: TinyCache) -> Tensor:
        self.n_scores += 1
        n = len(tokens) // len(cache.context)
        rows = enumerate(tokens.tolist())
        return torch.stack([self._row(row, cache.context[r // n]) for r, row in rows])

    def score_targets(self, tokens: Tensor, targets: Tensor, cache: TinyCache) -> Tensor:
        return self.score(tokens, cache).gather(-1, targets[..., None])[..., 0]


@pytest.fixture
def tiny():
    """A function: seed -> decoder, encoder_out, lengths, prompts, CTC log probs."""

    def make(seed: int, n_labels: int = 6, n_frames: tuple[int, ...] = (5, 9, 7), **kwargs):
        torch.manual_seed(seed)
        decoder = TinyDecoder(n_labels, **kwargs)
        lengths = torch.tensor(n_frames)
        encoder_out = torch.randn(len(n_frames), max(n_frames), 6)
        prompts = torch.randint(1, n_labels, (len(n_frames), 2))
        log_probs = (2 * torch.randn(len(n_frames), max(n_frames), n_labels)).log_softmax(dim=-1)
        return decoder, encoder_out, lengths, prompts, log_probs

    return make
