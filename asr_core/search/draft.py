"""Draft decoding: greedy search in far fewer decoder passes.

CTC's hypothesis is the draft. One pass of the decoder over prompt and draft tells what greedy
search would have said at every place; what agrees is kept, the first disagreement is corrected,
the rest of the draft is laid on behind the correction, and so on. The result is that of greedy
search whatever the draft: every token is chosen by the same rule from the same log probabilities.

Source: Leviathan et al. 2023, Fast Inference from Transformers via Speculative Decoding, with
argmax in place of sampling and CTC in place of a small model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from asr_core.search.beam import Beam
from asr_core.search.candidates import ranked, shortlist
from asr_core.search.token_scorer import TokenScorer, token_scorer
from asr_core.search.types import AnyCache, AnyMemory, Decoder, Hypothesis, SearchOptions

_POSITIONS = 256  # most (row, token) places in one pass: each costs a row of log probabilities
_PATIENCE = 3  # refusals in a row after which a draft waits until as many tokens agree with it


@dataclass(frozen=True, slots=True)
class Drafted:
    """What draft decoding found, and what it took."""

    hypotheses: list[Hypothesis]  # one an utterance
    n_passes: int  # of the decoder; greedy search takes one a token
    n_accepted: int  # tokens of the drafts that were right


def draft_search(
    decoder: Decoder[AnyMemory, AnyCache],
    memory: AnyMemory,
    prompts: Tensor,
    drafts: Sequence[Sequence[int]],
    options: SearchOptions,
    ctc: tuple[Tensor, Tensor] | None = None,
) -> Drafted:
    """What `beam_search` with a beam of one finds, checking drafts on the way.

    Args:
        drafts: one an utterance, without prompt and end token; any tokens will do, or none.
        ctc: as for `beam_search`; with `options.ctc_weight` > 0 the result is joint greedy search.
    """
    n_frames = memory.lengths.tolist()
    options = replace(options, beam_size=1)
    beams = [Beam(options, limit) for limit in options.limits(memory.lengths)]
    heard = [b for b, n in enumerate(n_frames) if n and beams[b].limit]
    n_passes = n_accepted = 0
    if heard:
        index = torch.tensor(heard)
        cache = decoder.recall(memory.of(heard))
        scorer = token_scorer(ctc, options, index)
        live = [(beams[b], _Draft(drafts[b])) for b in heard]
        unfed = prompts[index].tolist()
        while live:
            n_new = len(unfed[0])
            offers = [draft.offer(_room(live, n_new)) for _, draft in live]
            width = n_new + max(map(len, offers))
            rows = zip(unfed, offers, strict=True)
            fed = [[*u, *o, *[options.eos_id] * (width - n_new - len(o))] for u, o in rows]
            log_probs = decoder.step(torch.tensor(fed), cache)[:, n_new - 1 :]
            n_passes += 1
            n_accepted += _check(log_probs, live, offers, scorer)
            running = [r for r, (beam, _) in enumerate(live) if beam.running]
            n_fed = prompts.shape[1] - 1 + torch.tensor([beam.n_steps for beam, _ in live])
            cache.truncate(n_fed)
            if len(running) < len(live) and running:
                cache.reorder(torch.tensor(running))
                if scorer:
                    scorer.select(running, [None] * len(running))
            live = [live[r] for r in running]
            unfed = [[beam.running[0].tokens[-1]] for beam, _ in live]
    nothing = Hypothesis((), 0.0, (), ended=True)
    hypotheses = [
        beam.hypotheses()[0] if n else nothing for beam, n in zip(beams, n_frames, strict=True)
    ]
    return Drafted(hypotheses, n_passes, n_accepted)


class _Draft:
    """An utterance's draft, and where it goes on after what was said so far."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens = list(tokens)
        self._distances = list(range(len(self._tokens) + 1))  # edits from what was said to [:j]
        self._place = 0
        self._window = _POSITIONS  # tokens to offer at once
        self._n_refusals = 0  # in a row, without a single token accepted
        self._n_agreed = 0  # tokens said in a row that were no edit

    def offer(self, n_most: int) -> list[int]:
        """The tokens to check next; none while the draft does not fit."""
        if self._n_refusals >= _PATIENCE and self._n_agreed < _PATIENCE:
            return []
        return self._tokens[self._place : self._place + min(self._window, n_most)]

    def hear(self, token: int) -> None:
        """Take in one more token said: the draft goes on where its beginning is least edited."""
        old, new = self._distances, [self._distances[0] + 1]
        for j, drafted in enumerate(self._tokens):
            new.append(min(old[j] + (drafted != token), old[j + 1] + 1, new[j] + 1))
        least = min(new)
        self._n_agreed = self._n_agreed + 1 if least == min(old) else 0
        nearest = [j for j, distance in enumerate(new) if distance == least]
        same = [j for j in nearest if j and self._tokens[j - 1] == token]
        self._place = (same or nearest)[-1]  # in doubt a token was replaced, not left out
        self._distances = new

    def settle(self, n_offered: int, n_accepted: int) -> None:
        """Offer more after success, less after a refusal."""
        self._window = max(4, 2 * n_accepted)
        if n_accepted:
            self._n_refusals = 0
        elif n_offered:
            self._n_refusals += 1
            self._n_agreed = 0


def _room(live: list[tuple[Beam, _Draft]], n_new: int) -> int:
    """How many draft tokens a row may get, none fed beyond the limit of any row."""
    n_left = min(beam.limit - beam.n_steps for beam, _ in live) - 1
    return max(0, min(n_left, _POSITIONS // len(live) - n_new))


def _check(
    log_probs: Tensor,
    live: list[tuple[Beam, _Draft]],
    offers: list[list[int]],
    scorer: TokenScorer | None,
) -> int:
    """Advance every beam over its offer up to the first disagreement and one token on.

    Args:
        log_probs: (R, M + 1, V) after the last token before the offers and after each of theirs.

    Returns:
        How many offered tokens were right.
    """
    n_rows, n_places, _ = log_probs.shape
    options = live[0][0].options
    at_start = live[0][0].n_steps == 0
    short = [shortlist(log_probs[:, 0], options, at_start=at_start)]
    short += [shortlist(log_probs[:, place], options) for place in range(1, n_places)]
    n_right = [0] * n_rows
    agreeing = list(range(n_rows))
    for place, (tokens, scores) in enumerate(short):
        if not agreeing:
            break
        here = scorer.fork(agreeing) if scorer and len(agreeing) < n_rows else scorer
        beams = [live[r][0] for r in agreeing]
        found = ranked(tokens[agreeing], scores[agreeing], beams, here)
        said: list[int | None] = [None] * n_rows
        still = []
        for r, beam, candidates in zip(agreeing, beams, found, strict=True):
            beam.advance(candidates)
            if not beam.running:
                continue
            token = said[r] = beam.running[0].tokens[-1]
            live[r][1].hear(token)
            if place < len(offers[r]) and offers[r][place] == token:
                n_right[r] += 1
                still.append(r)
            else:
                live[r][1].settle(len(offers[r]), n_right[r])
        if scorer:
            scorer.select(range(n_rows), said)
        agreeing = still
    return sum(n_right)
