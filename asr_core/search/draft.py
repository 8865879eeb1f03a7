"""Draft decoding: greedy search in far fewer decoder passes.

CTC's hypothesis is the draft. One pass of the decoder over prompt and draft tells what greedy
search would have said at every place; what agrees is kept and the first disagreement is corrected.
Further on the decoder saw a text with mistakes in it, but what it would have said there still
mends the draft: capitals, punctuation, words CTC misheard. The result is that of greedy search
whatever the draft: every token is chosen by the same rule from the same log probabilities.

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
from asr_core.search.posteriors import Posteriors
from asr_core.search.token_scorer import TokenScorer, token_scorer
from asr_core.search.types import AnyCache, AnyMemory, Decoder, Hypothesis, SearchOptions

_POSITIONS = 256  # most (row, token) places in one pass: each costs a row of log probabilities
_LEAST_WINDOW = 16  # tokens offered after a refusal
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
        self._eos_id, self._units = options.eos_id, options.units
        self._window = _POSITIONS  # tokens to offer at once
        self._first = 0  # of those that were offered last
        self._lay(tokens)
        self._n_refusals = 0  # in a row, without a single token accepted
        self._n_agreed = 0  # tokens said in a row that were no edit

    def offer(self, n_most: int) -> list[int]:
        """The tokens to check next; none while the draft does not fit."""
        if self._n_refusals >= _PATIENCE and self._n_agreed < _PATIENCE:
            return []
        self._first = self._place
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

    def mend(self, offered: Sequence[int], expected: Sequence[int]) -> None:
        """Go on with what is left of the draft as the decoder would rather have it.

        Only CTC units tell which tokens are the same word; without them the draft stays as it is.

        Args:
            expected: what the decoder would say in the place of each offered token, and behind.
        """
        if not offered or self._units is None:
            return
        i = max(0, self._place - self._first)  # offered tokens that are done with
        rest: list[int] = []
        while i < len(offered):
            if expected[i] in (offered[i], self._eos_id):
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

    def _lay(self, tokens: Sequence[int]) -> None:
        """Draft these tokens from here on."""
        self._tokens = list(tokens)
        self._distances = list(range(len(self._tokens) + 1))  # edits from what was said to [:j]
        self._place = 0

    def settle(self, n_offered: int, n_accepted: int) -> None:
        """Offer more after success, less after a refusal."""
        self._window = max(_LEAST_WINDOW, 2 * n_accepted)
        if n_accepted:
            self._n_refusals = 0
        elif n_offered:
            self._n_refusals += 1
            self._n_agreed = 0


def _n_replaced(wanted: Sequence[int], drafted: Sequence[Sequence[int]]) -> int:
    """How many drafted tokens one with the units `wanted` takes the place of; 0: it is put in."""
    if not wanted:  # punctuation
        return 0
    found: list[int] = []
    for n, units in enumerate(drafted, start=1):
        found += units
        if len(found) >= len(wanted):
            return n if found == list(wanted) else 1
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
    expected = torch.stack([tokens[:, 0] for tokens, _ in short], dim=1).tolist()
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
                live[r][1].mend(offers[r], expected[r][: len(offers[r]) + 1])
        if scorer:
            scorer.select(range(n_rows), said)
        agreeing = still
    return sum(n_right)
