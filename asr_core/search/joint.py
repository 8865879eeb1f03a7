"""Label-synchronous beam search: the attention decoder alone, or together with CTC in one pass."""

from __future__ import annotations

from itertools import accumulate

import torch
from torch import Tensor

from asr_core.search.beam import Beam
from asr_core.search.bias import Walk
from asr_core.search.candidates import ranked, shortlist
from asr_core.search.posteriors import Posteriors
from asr_core.search.token_scorer import token_scorer
from asr_core.search.types import AnyCache, AnyMemory, Decoder, Hypothesis, SearchOptions


def beam_search(
    decoder: Decoder[AnyMemory, AnyCache],
    memory: AnyMemory,
    prompts: Tensor,
    options: SearchOptions,
    ctc: Posteriors | None = None,
) -> list[list[Hypothesis]]:
    """The likeliest token sequences of a batch of utterances, each as if it were alone.

    `options.finish` says when an utterance is done:
    - "enough": hypotheses that end are set aside and the beam is filled up again, until `beam_size`
      have ended, one of them at least as likely as any still running (Whisper stops without that),
      or none still running could overtake the best one;
    - "compete": they keep their place in the beam until all in it have ended (WeNet, FireRed);
    - "collect": they are set aside and the beam shrinks, until the last three lengths ended more
      than 10 below the best (ESPnet).
    Utterances that are done leave the batch.

    Args:
        memory: what the decoder keeps of B utterances.
        prompts: (B, P) tokens the decoder is fed first, P >= 1.
        ctc: needed when `options.ctc_weight` > 0.

    Returns:
        Per utterance its hypotheses, best first; at least one. Without frames it is empty.

    Source: Watanabe, Hori et al. 2017, Hybrid CTC/Attention Architecture, section II-C.
    """
    n_frames = memory.lengths.tolist()
    beams = [Beam(options, limit) for limit in options.limits(memory.lengths)]
    heard = [b for b, n in enumerate(n_frames) if n and beams[b].limit]
    if heard:
        index = torch.tensor(heard)
        cache = decoder.recall(memory.of(heard))
        log_probs = decoder.step(prompts[index], cache, last_only=True)[:, -1]
        scorer = token_scorer(ctc, options, index)
        live = [beams[b] for b in heard]
        while live:
            at_start = live[0].n_steps == 0
            tokens, scores = shortlist(log_probs, options, at_start=at_start, walks=_walks(live))
            widths = [len(beam.running) for beam in live]
            for beam, candidates in zip(live, ranked(tokens, scores, live, scorer), strict=True):
                beam.advance(candidates)
            rows, labels = _chosen(live, widths)
            live = [beam for beam in live if beam.running]
            if live:
                if rows != list(range(len(log_probs))):
                    cache.reorder(torch.tensor(rows))
                if scorer:
                    scorer.select(rows, labels)
                log_probs = decoder.step(torch.tensor(labels)[:, None], cache)[:, -1]
    nothing = [Hypothesis((), 0.0, (), ended=True)]
    return [beam.hypotheses() if n else nothing for beam, n in zip(beams, n_frames, strict=True)]


def _walks(beams: list[Beam]) -> list[Walk]:
    """Where the hypotheses of every row stand among the listed terms."""
    return [path.walk for beam in beams for path in beam.running]


def _chosen(beams: list[Beam], widths: list[int]) -> tuple[list[int], list[int]]:
    """The rows to go on from, of `widths` rows of the beams, and the tokens to feed them."""
    firsts = accumulate(widths, initial=0)
    chosen = [
        (first + path.parent, path.tokens[-1])
        for first, beam in zip(firsts, beams, strict=False)
        for path in beam.running
    ]
    return [row for row, _ in chosen], [token for _, token in chosen]
