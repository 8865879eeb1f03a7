"""A tiny random decoder, and the golden folders."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn


class TinyCache:
    """Recurrent states (R, D) of the rows, contexts (B, D) of the utterances."""

    def __init__(self, context: Tensor, n_beams: int) -> None:
        self.context = context
        self.state = torch.zeros(len(context) * n_beams, context.shape[1])

    @property
    def n_beams(self) -> int:
        return len(self.state) // len(self.context)

    def reorder(self, rows: Tensor) -> None:
        self.context = self.context[torch.unique_consecutive(rows // self.n_beams)]
        self.state = self.state[rows]


class TinyDecoder(nn.Module):
    """A recurrent network over the tokens, moved by the mean of the encoder output."""

    def __init__(self, n_labels: int, width: int = 6, sharpness: float = 2.0) -> None:
        super().__init__()
        self.embedding = torch.randn(n_labels, width)
        self.recurrence = torch.randn(width, width)
        self.output = torch.randn(width, n_labels) * sharpness
        self.bias = torch.zeros(n_labels)
        self.n_steps = 0
        self.n_scores = 0
        self.n_rows: list[int] = []

    def start(self, encoder_out: Tensor, lengths: Tensor, n_beams: int = 1) -> TinyCache:
        context = [e[:n].mean(dim=0) for e, n in zip(encoder_out, lengths.tolist(), strict=True)]
        return TinyCache(torch.stack(context), n_beams)

    def _run(self, tokens: Tensor, state: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        found = []
        for column in tokens.T:
            state = torch.tanh(state @ self.recurrence + self.embedding[column] + context)
            found.append((state @ self.output + self.bias).log_softmax(dim=-1))
        return torch.stack(found, dim=1), state

    def step(self, tokens: Tensor, cache: TinyCache) -> Tensor:
        self.n_steps += 1
        self.n_rows.append(len(tokens))
        context = cache.context.repeat_interleave(cache.n_beams, dim=0)
        log_probs, cache.state = self._run(tokens, cache.state, context)
        return log_probs

    def score(self, tokens: Tensor, cache: TinyCache) -> Tensor:
        self.n_scores += 1
        context = cache.context.repeat_interleave(len(tokens) // len(cache.context), dim=0)
        return self._run(tokens, torch.zeros_like(context), context)[0]


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
