"""Attention rescoring: the decoder reads what CTC proposes, and chooses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from asr_core.search.types import AnyCache, AnyMemory, Decoder, Hypothesis


@dataclass(frozen=True, slots=True)
class RescoreOptions:
    """score = (1 - reverse_weight) * forward + reverse_weight * backward + ctc_weight * CTC."""

    eos_id: int
    ctc_weight: float = 0.5
    reverse_weight: float = 0.0  # of the right-to-left decoder


def rescore(
    decoder: Decoder[AnyMemory, AnyCache],
    memory: AnyMemory,
    prompts: Tensor,
    proposals: Sequence[Sequence[Hypothesis]],
    options: RescoreOptions,
    right_to_left: tuple[Decoder[AnyMemory, AnyCache], AnyMemory] | None = None,
) -> list[list[Hypothesis]]:
    """The proposals of every utterance in order of what the decoder and CTC make of them together.

    All hypotheses of all utterances are read in one pass (one a direction).

    Args:
        memory: what the decoder keeps of B utterances.
        prompts: (B, P) tokens the decoders are fed first, P >= 1.
        proposals: n-best lists with `ctc_score`, in the decoder's tokens.
        right_to_left: a decoder that reads each hypothesis from its end to its beginning, and its
            own memory of the utterances.

    Source: Yao et al. 2021, WeNet, section 2.1; Wu et al. 2021, U2++, section 3.3.
    """
    if options.reverse_weight and right_to_left is None:
        raise ValueError(f"reverse_weight is {options.reverse_weight}, but nothing reads backwards")
    heard = [b for b, n in enumerate(memory.lengths.tolist()) if n and proposals[b]]
    found = [list(hypotheses) for hypotheses in proposals]
    if not heard:
        return found
    prompts = prompts[torch.tensor(heard)]
    texts = [[h.tokens for h in found[b]] for b in heard]
    read = _read(decoder, memory.of(heard), prompts, texts, options.eos_id)
    if right_to_left is not None and options.reverse_weight:
        backwards = [[tokens[::-1] for tokens in utterance] for utterance in texts]
        reader, its_memory = right_to_left
        reread = _read(reader, its_memory.of(heard), prompts, backwards, options.eos_id)
        read = [
            [_blend(*pair, options.reverse_weight) for pair in zip(*utterance, strict=True)]
            for utterance in zip(read, reread, strict=True)
        ]
    for b, utterance in zip(heard, read, strict=True):
        scored = [
            replace(
                hypothesis,
                score=attention + options.ctc_weight * (hypothesis.ctc_score or 0.0),
                token_log_probs=log_probs,
                attention_score=attention,
            )
            for hypothesis, (attention, log_probs) in zip(found[b], utterance, strict=True)
        ]
        found[b] = sorted(scored, key=lambda hypothesis: hypothesis.score, reverse=True)
    return found


_Reading = tuple[float, tuple[float, ...]]  # log P of tokens and end token, and of each token


def _read(
    decoder: Decoder[AnyMemory, AnyCache],
    memory: AnyMemory,
    prompts: Tensor,
    texts: list[list[tuple[int, ...]]],
    eos_id: int,
) -> list[list[_Reading]]:
    """What the decoder thinks of every text of every utterance."""
    n_each = max(map(len, texts))
    n_most = max(len(tokens) for utterance in texts for tokens in utterance)
    rows, wanted = [], []
    for prompt, utterance in zip(prompts.tolist(), texts, strict=True):
        for tokens in [*utterance, *[()] * (n_each - len(utterance))]:
            padding = [eos_id] * (n_most - len(tokens))
            rows.append([*prompt, *tokens, *padding])
            wanted.append([eos_id] * (len(prompt) - 1) + [*tokens, eos_id, *padding])
    cache = decoder.recall(memory)
    scores = decoder.score_targets(torch.tensor(rows), torch.tensor(wanted), cache)
    log_probs = scores[:, prompts.shape[1] - 1 :].double().tolist()
    read = []
    for b, utterance in enumerate(texts):
        found = zip(utterance, log_probs[b * n_each :], strict=False)
        read.append([(math.fsum(p[: len(t) + 1]), tuple(p[: len(t)])) for t, p in found])
    return read


def _blend(forward: _Reading, backward: _Reading, weight: float) -> _Reading:
    """Both directions together; a token's probability is the weighted mean of the two."""
    total = (1 - weight) * forward[0] + weight * backward[0]
    pairs = zip(forward[1], reversed(backward[1]), strict=True)
    means = ((1 - weight) * math.exp(f) + weight * math.exp(b) for f, b in pairs)
    return total, tuple(math.log(max(mean, 1e-30)) for mean in means)
