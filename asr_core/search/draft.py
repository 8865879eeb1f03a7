"""Draft decoding: greedy search in far fewer decoder passes.

CTC's hypothesis is the draft. One pass of the decoder over prompt and draft tells what greedy
search would have said at every place; what agrees is kept and the first disagreement is corrected.
Further on the decoder saw a text with mistakes in it, but what it is sure of there still mends the
draft: capitals, punctuation, words CTC misheard. The result is that of greedy search
whatever the draft: every token is chosen by the same rule from the same log probabilities.

Source: Leviathan et al. 2023, Fast Inference from Transformers via Speculative Decoding, with
argmax in place of sampling and CTC in place of a small model.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import torch
from torch import Tensor

from asr_core.search.beam import Beam
from asr_core.search.candidates import ranked, shortlist
from asr_core.search.posteriors import Posteriors
from asr_core.search.token_scorer import TokenScorer, token_scorer
from asr_core.search.types import AnyCache, AnyMemory, Decoder, Hypothesis, SearchOptions

_POSITIONS = 64  # most (row, token) places in one pass: each costs a row of log probabilities
_WINDOW = 32  # tokens offered after the first one was refused; half as many after every further one
_NEAR = 2  # tokens to either side
_SURE = math.log(0.5)  # what the decoder finds less likely is no reason to change the draft


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
    ctc: Posteriors | None = None,
) -> Drafted:
    """What `beam_search` with a beam of one and no `bias` finds, checking drafts on the way.

    Args:
        drafts: one an utterance, without prompt and end token; any tokens will do, or none.
        ctc: as for `beam_search`; with `options.ctc_weight` > 0 the result is joint greedy search.
    """
    n_frames = memory.lengths.tolist()
    options = replace(options, beam_size=1, bias=None)  # CTC's draft holds no term it did not hear
    beams = [Beam(options, limit) for limit in options.limits(memory.lengths)]
    heard = [b for b, n in enumerate(n_frames) if n and beams[b].limit]
    n_passes = n_accepted = 0
    if heard:
        index = torch.tensor(heard)
        cache = decoder.recall(memory.of(heard))
        scorer = token_scorer(ctc, options, index)
        live = [(beams[b], _Draft(drafts[b], options)) for b in heard]
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

    def __init__(self, tokens: Sequence[int], options: SearchOptions) -> None:
        self._eos_id = options.eos_id
        self._units = options.units or _themselves
        self._mends = options.units is not None
        self._window = _POSITIONS  # tokens to offer at once
        self._first = 0  # of those that were offered last
        self._open: list[int] = []  # tokens said since a unit was complete
        self._distances: list[int] = [0]  # edits from what was said to the first j drafted units
        self._tokens: list[int] = []
        self._place = 0  # of the next token to offer
        self._lay(list(tokens))

    def offer(self, n_most: int) -> list[int]:
        """The tokens to check next."""
        self._first = self._place
        return self._tokens[self._place : self._place + min(self._window, n_most)]

    def hear(self, token: int) -> None:
        """Take in one more token said: the draft goes on where its beginning is least edited.

        What is compared are units, so that capitals, punctuation and other ways to cut a word into
        tokens are no edits.
        """
        self._open.append(token)
        units = self._units(self._open)[-1]
        if not units:
            self._skip(token)
            return
        self._open = []
        for unit in units:
            old, new = self._distances, [self._distances[0] + 1]
            for j, drafted in enumerate(self._heard):
                new.append(min(old[j] + (drafted != unit), old[j + 1] + 1, new[j] + 1))
            self._distances = new
        least = min(self._distances)
        nearest = [j for j, distance in enumerate(self._distances) if distance == least]
        same = [j for j in nearest if j and self._heard[j - 1] == units[-1]]
        n_heard = (same or nearest)[-1]  # in doubt a unit was replaced, not left out
        self._place = bisect_left(self._ends, n_heard)

    def _skip(self, token: int) -> None:
        """A token without a unit: the draft goes on behind it, if it has it at all."""
        if self._tokens[self._place : self._place + 1] == [token]:
            self._place += 1

    def mend(self, offered: Sequence[int], expected: Sequence[int], n_right: int) -> None:
        """Go on with what is left of the draft as the decoder would rather have it.

        Only CTC units tell which tokens are the same word; without them the draft stays as it is.
        What the draft has nearby anyway is no correction: the decoder has only lost its place.

        Args:
            expected: what the decoder would say in the place of each offered token, and behind;
                the end token where it says nothing, or is not sure.
            n_right: of the offered ones; what was said behind them is known already.
        """
        if not offered or not self._mends:
            return
        i = max(self._place - self._first, n_right)  # offered tokens that are done with
        rest = self._tokens[self._place : self._first]  # it went too far before
        if i == n_right:
            rest += offered[i : i + 1]
            i += 1
        while i < len(offered):
            near = offered[max(0, i - _NEAR) : i + _NEAR + 1]
            if expected[i] == self._eos_id or expected[i] in near:
                rest.append(offered[i])
                i += 1
                continue
            n_replaced = _n_replaced(self._units([expected[i]])[0], self._units(offered[i:]))
            rest += [expected[i]] if n_replaced else [expected[i], offered[i]]
            i += max(1, n_replaced)
        unseen = self._tokens[max(self._place, self._first + len(offered)) :]
        if not unseen and expected[-1] != self._eos_id:
            unseen = [expected[-1]]
        self._lay([*rest, *unseen])

    def _lay(self, tokens: list[int]) -> None:
        """Draft these tokens from here on.

        Those before stay: what was said may yet turn out to have been put in before some of them.
        """
        self._tokens = self._tokens[: self._place] + tokens
        units = self._units(self._tokens) if self._tokens else []
        self._heard = [unit for found in units for unit in found]
        self._ends = [*accumulate(map(len, units), initial=0)]  # units before each token
        n_kept = self._ends[self._place]
        ahead = range(1, len(self._heard) - n_kept + 1)
        kept = self._distances[: n_kept + 1]
        self._distances = kept + [kept[-1] + n for n in ahead]

    def settle(self, n_accepted: int) -> None:
        """Offer more after success, less after a refusal."""
        if n_accepted:
            self._window = max(_WINDOW, 2 * n_accepted)
        else:
            self._window = max(1, min(2 * _WINDOW, self._window) // 2)


def _themselves(tokens: Sequence[int]) -> list[list[int]]:
    """Without units every token is one."""
    return [[token] for token in tokens]


def _n_replaced(wanted: Sequence[int], drafted: Sequence[Sequence[int]]) -> int:
    """How many drafted tokens one with the units `wanted` takes the place of; 0: it is put in."""
    if not wanted:  # punctuation
        return 0
    found: list[int] = []
    for n, units in enumerate(drafted, start=1):
        found += units
        if len(found) >= len(wanted):
            return n
    return 1


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
    first = torch.stack([tokens[:, 0] for tokens, _ in short], dim=1)
    is_sure = torch.stack([scores[:, 0] for _, scores in short], dim=1) >= _SURE
    expected = first.masked_fill(~is_sure, options.eos_id).tolist()
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
                live[r][1].settle(n_right[r])
                live[r][1].mend(offers[r], expected[r][: len(offers[r]) + 1], n_right[r])
        if scorer:
            scorer.select(range(n_rows), said)
        agreeing = still
    return sum(n_right)
