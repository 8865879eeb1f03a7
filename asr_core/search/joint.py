"""Label-synchronous beam search: the attention decoder alone, or together with CTC in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

import torch
from torch import Tensor

from asr_core.search.loops import is_looping
from asr_core.search.token_scorer import TokenScorer
from asr_core.search.types import AnyCache, Decoder, Hypothesis, SearchOptions

_END_MARGIN = 10.0  # natural log; ESPnet's end detection
_END_LENGTHS = 3


def beam_search(
    decoder: Decoder[AnyCache],
    encoder_out: Tensor,
    lengths: Tensor,
    prompts: Tensor,
    options: SearchOptions,
    ctc: tuple[Tensor, Tensor] | None = None,
) -> list[list[Hypothesis]]:
    """The likeliest token sequences of a batch of utterances, each as if it were alone.

    `options.finish` says when an utterance is done:
    - "enough": hypotheses that end are set aside and the beam is filled up again, until `beam_size`
      have ended or none still running could overtake the best one (Whisper);
    - "compete": they keep their place in the beam until all in it have ended (WeNet, FireRed);
    - "collect": they are set aside and the beam shrinks, until the last three lengths ended more
      than 10 below the best (ESPnet).
    Utterances that are done leave the batch.

    Args:
        encoder_out: (B, T', D), lengths: (B,) frames.
        prompts: (B, P) tokens the decoder is fed first, P >= 1.
        ctc: (B, T'', units) natural log posteriors and (B,) lengths; needed when
            `options.ctc_weight` > 0.

    Returns:
        Per utterance its hypotheses, best first; at least one. Without frames it is empty.

    Source: Watanabe, Hori et al. 2017, Hybrid CTC/Attention Architecture, section II-C.
    """
    n_frames = lengths.tolist()
    beams = [_Beam(options, limit) for limit in options.limits(lengths)]
    heard = [b for b, beam in enumerate(beams) if n_frames[b] and beam.limit]
    if heard:
        index = torch.tensor(heard, device=encoder_out.device)
        cache = decoder.start(encoder_out[index], lengths[index])
        log_probs = decoder.step(prompts[index], cache, last_only=True)[:, -1]
        scorer = _ctc_scorer(ctc, options, index)
        live = [beams[b] for b in heard]
        while live:
            for beam, found in zip(live, _candidates(log_probs, live, scorer), strict=True):
                beam.advance(found)
            rows, tokens = _chosen(live, len(log_probs) // len(live))
            live = [beam for beam in live if beam.running]
            if live:
                if rows != list(range(len(log_probs))):
                    cache.reorder(torch.tensor(rows, device=encoder_out.device))
                fed = torch.tensor(tokens, device=encoder_out.device)
                if scorer:
                    scorer.select(rows, tokens)
                log_probs = decoder.step(fed[:, None], cache)[:, -1]
    nothing = [Hypothesis((), 0.0, (), ended=True)]
    return [beam.hypotheses() if n else nothing for beam, n in zip(beams, n_frames, strict=True)]


@dataclass(slots=True)
class _Path:
    """A hypothesis while it grows."""

    tokens: tuple[int, ...] = ()
    log_probs: tuple[float, ...] = ()  # of the tokens and, once ended, of the end token
    score: float = 0.0  # not normalized
    ctc: float = 0.0  # log psi
    parent: int = 0  # its row within the beam one step ago
    ended: bool = False
    looped: bool = False


@dataclass(slots=True)
class _Candidate:
    parent: int
    token: int
    log_prob: float
    ctc: float
    score: float


@dataclass(slots=True)
class _Beam:
    """The hypotheses of one utterance."""

    options: SearchOptions
    limit: int
    running: list[_Path] = field(default_factory=lambda: [_Path()])
    closed: list[_Path] = field(default_factory=list)
    n_steps: int = 0

    def advance(self, candidates: list[_Candidate]) -> None:
        """Take one step with the candidates, best first; empties `running` when all is said."""
        if not candidates:  # every token is suppressed or impossible
            self.closed += self.running
            self.running = []
            return
        options, size = self.options, self.options.beam_size
        paths = self._grown(candidates)
        running: list[_Path] = []
        if options.finish == "enough":
            for path in paths:
                (self.closed if path.ended or path.looped else running).append(path)
                if len(running) == size:
                    break
        else:
            pool = list(islice(paths, size))
            if options.finish == "compete":
                pool = sorted(self.closed + pool, key=lambda path: -path.score)[:size]
                self.closed = []
            for path in pool:
                (self.closed if path.ended or path.looped else running).append(path)
        self.n_steps += 1
        self.running = running
        if self.n_steps == self.limit:
            self.closed += running
            self.running = []
        elif self._is_decided():
            self.running = []

    def padded(self, width: int) -> list[_Path]:
        """The running hypotheses, filled up to `width` with ones that are out of the race."""
        filler = replace(self.running[-1], score=-torch.inf)
        return self.running + [filler] * (width - len(self.running))

    def _grown(self, candidates: list[_Candidate]) -> Iterator[_Path]:
        for found in candidates:
            old = self.running[found.parent]
            log_probs = (*old.log_probs, found.log_prob)
            if found.token == self.options.eos_id:
                yield _Path(old.tokens, log_probs, found.score, found.ctc, found.parent, ended=True)
            else:
                tokens = (*old.tokens, found.token)
                looped = is_looping(tokens, self.options.max_repeats)
                yield _Path(tokens, log_probs, found.score, found.ctc, found.parent, looped=looped)

    def _is_decided(self) -> bool:
        if self.options.finish == "compete" or not self.closed or not self.running:
            return False
        if self.options.finish == "enough":
            return len(self.closed) >= self.options.beam_size or self._is_out_of_reach()
        best = max(path.score for path in self.closed)
        last = self.n_steps - _END_LENGTHS  # ESPnet looks back from two steps ago
        for n_tokens in range(last, last - _END_LENGTHS, -1):
            scores = [path.score for path in self.closed if len(path.tokens) == n_tokens]
            if not scores or max(scores) >= best - _END_MARGIN:
                return False
        return True

    def _is_out_of_reach(self) -> bool:
        """Whether no running path can rank above the best closed one: probabilities only fall."""
        bonus = max(self.options.length_bonus, 0.0) * (self.limit + 1 - self.n_steps)
        reach = max(path.score for path in self.running) + bonus
        bound = max(self.options.normalized(reach, n) for n in (self.n_steps, self.limit))
        return max(self._rank(path) for path in self.closed) >= bound

    def _rank(self, path: _Path) -> float:
        return self.options.normalized(path.score, len(path.tokens))

    def hypotheses(self) -> list[Hypothesis]:
        """What was found, best first."""
        return [
            Hypothesis(
                path.tokens,
                self._rank(path),
                path.log_probs[: len(path.tokens)],
                ended=path.ended,
                looped=path.looped,
                attention_score=sum(path.log_probs),
                ctc_score=path.ctc if self.options.ctc_weight else None,
            )
            for path in sorted(self.closed or self.running, key=self._rank, reverse=True)
        ]


def _ctc_scorer(
    ctc: tuple[Tensor, Tensor] | None, options: SearchOptions, rows: Tensor
) -> TokenScorer | None:
    if not options.ctc_weight:
        return None
    if ctc is None:
        raise ValueError(f"ctc_weight is {options.ctc_weight}, but no CTC posteriors were given")
    return TokenScorer(ctc[0][rows], ctc[1][rows], options.eos_id, options.units)


def _candidates(
    log_probs: Tensor, live: list[_Beam], scorer: TokenScorer | None
) -> list[list[_Candidate]]:
    """The best continuations of every beam, best first, by the (R, V) log probs of its rows."""
    options, n_labels = live[0].options, log_probs.shape[1]
    log_probs = _adjusted(log_probs, options, first=live[0].n_steps == 0)
    if scorer is None:
        n_best = options.beam_size + 1
    else:
        n_best = int(options.pre_beam * options.beam_size)
        if options.ctc_weight == 1 and options.units is None:
            n_best = n_labels
    attention, labels = log_probs.topk(min(max(n_best, 1), n_labels), dim=1)  # (R, K)
    ends = torch.full_like(labels[:, :1], options.eos_id)  # always offered, but not twice
    offered = (labels == ends).any(dim=1, keepdim=True)
    attention_to_end = log_probs[:, options.eos_id, None].masked_fill(offered, -torch.inf)
    labels = torch.cat([labels, ends], dim=1)  # (R, K+1)
    attention = torch.cat([attention, attention_to_end], dim=1).cpu().double()
    psi = scorer.score(labels) if scorer else torch.zeros_like(attention)

    width = len(labels) // len(live)
    paths = [path for beam in live for path in beam.padded(width)]
    before = torch.tensor([path.score for path in paths], dtype=torch.float64)[:, None]
    known = torch.tensor([path.ctc for path in paths], dtype=torch.float64)[:, None]
    scores = before + (1 - options.ctc_weight) * attention + options.length_bonus
    scores += options.ctc_weight * (psi - known)
    impossible = (attention == -torch.inf) | (psi == -torch.inf) | (before == -torch.inf)
    scores = scores.masked_fill_(impossible, -torch.inf).view(len(live), -1)  # (B, W*(K+1))

    scores, places = scores.sort(dim=1, descending=True, stable=True)
    places = places[:, : 2 * options.beam_size]  # every row may end, and the beam is full still
    columns = (
        places // labels.shape[1],
        *(x.cpu().view(len(live), -1).gather(1, places) for x in (labels, attention, psi)),
        scores[:, : 2 * options.beam_size],
    )
    return [
        [_Candidate(*values) for values in zip(*beam, strict=True) if values[-1] > -torch.inf]
        for beam in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _adjusted(log_probs: Tensor, options: SearchOptions, *, first: bool) -> Tensor:
    """(R, V) log probs with temperature, end-token factor and suppressed tokens applied."""
    if options.temperature != 1:
        log_probs = (log_probs / options.temperature).log_softmax(dim=1)
    if options.eos_scale != 1:
        log_probs[:, options.eos_id] *= options.eos_scale
    for mask in (options.suppressed, options.suppressed_at_start if first else None):
        if mask is not None:
            log_probs.index_fill_(1, mask.nonzero()[:, 0].to(log_probs.device), -torch.inf)
    return log_probs


def _chosen(live: list[_Beam], width: int) -> tuple[list[int], list[int]]:
    """The rows to go on from, out of `width` a beam, and the tokens to feed them.

    A beam with fewer hypotheses than the widest repeats its last one, which nobody reads.
    """
    new_width = max(len(beam.running) for beam in live)
    rows, tokens = [], []
    for place, beam in enumerate(live):
        if beam.running:
            for path in beam.padded(new_width):
                rows.append(place * width + path.parent)
                tokens.append(path.tokens[-1])
    return rows, tokens
