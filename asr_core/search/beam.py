"""The hypotheses of one utterance while they grow, and when it is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from asr_core.search.bias import Walk
from asr_core.search.loops import is_looping
from asr_core.search.types import Hypothesis, SearchOptions

_END_MARGIN = 10.0  # natural log; ESPnet's end detection
_END_LENGTHS = 3
_RIVALS = 3  # kept of every token


@dataclass(slots=True)
class Path:
    """A hypothesis while it grows."""

    tokens: tuple[int, ...] = ()
    log_probs: tuple[float, ...] = ()  # of the tokens and, once ended, of the end token
    score: float = 0.0  # not normalized
    ctc: float = 0.0  # log psi
    parent: int = 0  # its row within the beam one step ago
    ended: bool = False
    looped: bool = False
    walk: Walk = field(default_factory=Walk)  # among the listed terms
    rivals: tuple[tuple[int, ...], ...] = ()  # of every token, what else was likely there


@dataclass(slots=True)
class Candidate:
    """A path and one token more."""

    parent: int  # the path's row within the beam
    token: int
    log_prob: float
    ctc: float  # log psi
    score: float  # of the path with the token


@dataclass(slots=True)
class Beam:
    """The hypotheses of one utterance: those running, and those that ended or gave up."""

    options: SearchOptions
    limit: int  # tokens
    running: list[Path] = field(default_factory=lambda: [Path()])
    closed: list[Path] = field(default_factory=list)
    n_steps: int = 0

    def advance(self, candidates: list[Candidate]) -> None:
        """Take one step with the candidates, best first; empties `running` when all is said."""
        if not candidates:  # every token is suppressed or impossible
            self.closed += self.running
            self.running = []
            return
        options, size = self.options, self.options.beam_size
        paths = self._grown(candidates)
        running: list[Path] = []
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
        best = max((path.score for path in running), default=0.0)
        self.running = [path for path in running if path.score >= best - options.beam_margin]
        if self.n_steps == self.limit:
            self.closed += self.running
            self.running = []
        elif self._is_decided():
            self.running = []

    def hypotheses(self) -> list[Hypothesis]:
        """What was found, best first."""
        return [
            Hypothesis(
                path.tokens,
                self._rank(path),
                path.log_probs[: len(path.tokens)],
                ended=path.ended,
                looped=path.looped,
                rivals=path.rivals,
                attention_score=sum(path.log_probs),
                ctc_score=path.ctc if self.options.ctc_weight else None,
            )
            for path in sorted(self.closed or self.running, key=self._rank, reverse=True)
        ]

    def _grown(self, candidates: list[Candidate]) -> Iterator[Path]:
        tokens: dict[int, list[int]] = defaultdict(list)  # of every parent, best first
        for found in candidates:
            tokens[found.parent].append(found.token)
        for found in candidates:
            old = self.running[found.parent]
            log_probs = (*old.log_probs, found.log_prob)
            path = Path(
                old.tokens, log_probs, found.score, found.ctc, found.parent, rivals=old.rivals
            )
            if self.options.bias:
                path.walk = self.options.bias.step(old.walk, found.token)
            if found.token == self.options.eos_id:
                path.ended = True
            else:
                path.tokens = (*old.tokens, found.token)
                others = [token for token in tokens[found.parent] if token != found.token]
                path.rivals = (*old.rivals, tuple(others[:_RIVALS]))
                path.looped = is_looping(path.tokens, self.options.max_repeats)
            yield path

    def _is_decided(self) -> bool:
        if self.options.finish == "compete" or not self.closed or not self.running:
            return False
        best = max(path.score for path in self.closed)
        if self.options.finish == "enough":
            # Rivals that lack a word end sooner: the likeliest path is never left behind for them.
            leads = max(path.score for path in self.running) > best
            enough = len(self.closed) >= self.options.beam_size and not leads
            return enough or self._is_out_of_reach()
        last = self.n_steps - _END_LENGTHS  # ESPnet looks back from two steps ago
        for n_tokens in range(last, last - _END_LENGTHS, -1):
            scores = [path.score for path in self.closed if len(path.tokens) == n_tokens]
            if not scores or max(scores) >= best - _END_MARGIN:
                return False
        return True

    def _is_out_of_reach(self) -> bool:
        """Whether no running path can rank above the best closed one: probabilities only fall."""
        a_token = max(self.options.length_bonus, 0.0)
        if self.options.bias:
            a_token += self.options.bias.bonus
        bonus = a_token * (self.limit + 1 - self.n_steps)
        reach = max(path.score for path in self.running) + bonus
        bound = max(self.options.normalized(reach, n) for n in (self.n_steps, self.limit))
        return max(self._rank(path) for path in self.closed) >= bound

    def _rank(self, path: Path) -> float:
        score, bias = path.score, self.options.bias
        if bias:
            score += bias.score(bias.end(path.walk)) - bias.score(path.walk)
        return self.options.normalized(score, len(path.tokens))
