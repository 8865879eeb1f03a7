"""The likeliest next token, again and again, for several recordings together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from asr_core.engines.qwen3_asr.placing import Placed
from asr_core.search.loops import is_looping, without_loop

_MAX_REPEATS = 8  # more repeats of a phrase in a row end an answer, as in the other searches


@dataclass(slots=True, eq=False)
class Answering:
    """The answer for one recording as far as it has come."""

    limit: int  # tokens
    tokens: list[int] = field(default_factory=list)  # without the end token
    log_probs: list[float] = field(default_factory=list)  # natural, of each token
    ended: bool = False  # the end token came
    looped: bool = False  # given up because it repeated itself; the repeats are cut off

    @property
    def running(self) -> bool:
        """Whether there is more to come."""
        return not (self.ended or self.looped) and len(self.tokens) < self.limit

    @property
    def confidence(self) -> float:
        """Geometric mean probability of the tokens, 0..1."""
        return math.exp(sum(self.log_probs) / len(self.log_probs)) if self.log_probs else 1.0

    def take(self, token: int, log_prob: float, ends: Sequence[int]) -> None:
        """The next token."""
        if token in ends:
            self.ended = True
            return
        self.tokens.append(token)
        self.log_probs.append(log_prob)
        if is_looping(self.tokens, _MAX_REPEATS):
            self.looped = True
            n_tokens = without_loop(self.tokens)
            del self.tokens[n_tokens:], self.log_probs[n_tokens:]


@torch.inference_mode()
def answers(
    placed: Placed, inputs: Mapping[str, Tensor], limits: Sequence[int]
) -> Iterator[list[Answering]]:
    """Answer B questions at once; gives the same list again after every token.

    To stop, stop asking for the next. A row that is done leaves the batch, so the others go on at
    their own speed.

    Args:
        inputs: what the processor makes of B questions, padded on the left.
        limits: the most tokens each may have.
    """
    found = [Answering(limit) for limit in limits]
    rows = [*range(len(found))]
    mask = inputs["attention_mask"]  # (B, U)
    positions = (mask.cumsum(-1) - 1).clamp_min(0)
    step = placed.run(**inputs, position_ids=positions, use_cache=True, logits_to_keep=1)
    positions = positions[:, -1:]
    while True:
        log_probs = step.logits[:, -1].float().log_softmax(-1)  # (B, V)
        best, tokens = log_probs.max(-1)
        for row, token, log_prob in zip(rows, tokens.tolist(), best.tolist(), strict=True):
            found[row].take(token, log_prob, placed.ends)
        yield found
        kept = [i for i, row in enumerate(rows) if found[row].running]
        if not kept:
            return
        cache: Any = step.past_key_values
        if len(kept) < len(rows):
            at = torch.tensor(kept, device=mask.device)
            cache.batch_select_indices(at)
            mask, positions, tokens = mask[at], positions[at], tokens[at]
            rows = [rows[i] for i in kept]
        mask = torch.nn.functional.pad(mask, (0, 1), value=1)
        positions = positions + 1
        step = placed.run(
            input_ids=tokens[:, None],
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )


@torch.inference_mode()
def log_likelihood(placed: Placed, inputs: Mapping[str, Tensor], n_last: int) -> float:
    """Natural log probability of the last `n_last` tokens of one question."""
    logits = placed.run(**inputs, use_cache=False, logits_to_keep=n_last + 1).logits
    log_probs = logits[0, :-1].float().log_softmax(-1)  # (n_last, V)
    said = inputs["input_ids"][0, -n_last:, None]
    return log_probs.gather(-1, said).sum().item()
