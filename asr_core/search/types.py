"""What the searches share: the decoder as they see it, a hypothesis, the options of a search."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, Self, TypeVar

from torch import Tensor

from asr_core.search.bias import Bias

Finish = Literal["enough", "compete", "collect"]

# The CTC units each of a sequence of tokens completes, none of an open sequence in front.
Units = Callable[[Sequence[int]], list[list[int]]]


class Memory(Protocol):
    """What a decoder keeps of a batch of utterances: made once, read by many, never changed."""

    @property
    def lengths(self) -> Tensor:
        """(B,) frames of every utterance."""
        ...

    def of(self, utterances: Sequence[int]) -> Self:
        """Some of the utterances, or one of them several times."""
        ...


class Cache(Protocol):
    """What a decoder remembers of the tokens it was fed, one row a hypothesis."""

    def reorder(self, rows: Tensor) -> None:
        """Make row i what row `rows[i]` was.

        Args:
            rows: (R',) old rows, those of one utterance together, utterances in their old order;
                an utterance not named leaves the cache for good.
        """
        ...

    def truncate(self, lengths: Tensor) -> None:
        """Forget what each row was fed behind its first `lengths` (R,) tokens."""
        ...


AnyMemory = TypeVar("AnyMemory", bound=Memory)
AnyCache = TypeVar("AnyCache", bound=Cache)


class Decoder(Protocol[AnyMemory, AnyCache]):
    """Next-token log probabilities, given what was heard and the tokens so far."""

    def hear(self, encoder_out: Tensor, lengths: Tensor) -> AnyMemory:
        """What it keeps of (B, T', D) encoder outputs with (B,) frames."""
        ...

    def recall(self, memory: AnyMemory, n_beams: int = 1) -> AnyCache:
        """An empty cache over what was heard; row r is of utterance r // n_beams."""
        ...

    def step(self, tokens: Tensor, cache: AnyCache, last_only: bool = False) -> Tensor:
        """Feed (R, L) tokens after those in the cache: (R, L, V), what follows each of them.

        With `last_only` (R, 1, V), what follows the last. The result is float32 and new: the
        search may write into it.
        """
        ...

    def score(self, tokens: Tensor, cache: AnyCache) -> Tensor:
        """The same for whole rows of (R, U) tokens, apart from what the cache holds: (R, U, V)."""
        ...

    def score_targets(self, tokens: Tensor, targets: Tensor, cache: AnyCache) -> Tensor:
        """Of `score` only the log probs of (R, U) given next tokens: (R, U)."""
        ...

    def attend(self, tokens: Tensor, cache: AnyCache, heads: Sequence[tuple[int, int]]) -> Tensor:
        """Cross-attention of (layer, head) pairs over (R, U) tokens: (R, len(heads), U, T')."""
        ...


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading of one utterance."""

    tokens: tuple[int, ...]  # neither prompt nor end token
    score: float  # what the search ranks by
    token_log_probs: tuple[float, ...]  # of each token
    ended: bool  # the end token came before the limit
    looped: bool = False  # given up because it repeated itself
    attention_score: float | None = None  # log P(tokens, end token | sound) by the decoder
    ctc_score: float | None = None  # log P(tokens | sound) by the CTC head
    frames: tuple[int, ...] | None = None  # where CTC heard each token best
    rivals: tuple[tuple[int, ...], ...] = ()  # of each token, what else was likely there

    @property
    def confidence(self) -> float:
        """Geometric mean probability of the tokens and the end token, 0..1.

        Source: WeNet's attention rescoring, exp(attention score / (U + 1)).
        """
        total = sum(self.token_log_probs) if self.attention_score is None else self.attention_score
        n_scored = len(self.tokens) + (self.attention_score is not None and self.ended)
        return math.exp(total / n_scored) if n_scored else float(self.ended)


@dataclass(frozen=True, slots=True, eq=False)
class SearchOptions:
    """How to search label by label.

    A hypothesis' score is (1 - ctc_weight) * attention + ctc_weight * CTC log probability
    + length_bonus * tokens (the end token counts as one) + the bonus of listed terms; the result
    is ranked by score / norm ** length_penalty, where
    norm = (tokens + length_offset) / max(length_offset, 1).
    """

    eos_id: int
    beam_size: int = 5
    beam_margin: float = math.inf  # natural log; less likely than the best by more: given up
    max_tokens: int | Sequence[int] | None = None  # per utterance; None: its encoder frames
    finish: Finish = "enough"  # see `beam_search`
    ctc_weight: float = 0.0
    pre_beam: float = 1.5  # joint search scores this many times beam_size candidates by CTC
    units: Units | None = None  # None: the CTC head's units are the decoder's tokens
    length_penalty: float = 0.0  # 1: mean log probability of a token
    length_offset: float = 0.0  # WeNet, Whisper 0; ESPnet 1 (counts the end token); GNMT 6
    length_bonus: float = 0.0
    temperature: float = 1.0  # divides the decoder's logits
    eos_scale: float = 1.0  # multiplies the end token's log probability
    suppressed: Tensor | None = None  # (V,) bool, tokens never to be taken
    suppressed_at_start: Tensor | None = None  # (V,) bool, nor these as the first token
    bias: Bias | None = None  # of listed terms
    max_repeats: int = 8  # more repeats of a phrase in a row end a hypothesis; 0: no guard

    def __post_init__(self) -> None:
        if self.beam_size < 1:
            raise ValueError(f"beam_size is {self.beam_size}, not at least 1")
        if not 0 <= self.ctc_weight <= 1:
            raise ValueError(f"ctc_weight is {self.ctc_weight}, not in 0..1")

    def limits(self, lengths: Tensor) -> list[int]:
        """The most tokens each of the utterances with (B,) encoder frames may have."""
        if self.max_tokens is None:
            return lengths.tolist()
        if isinstance(self.max_tokens, int):
            return [self.max_tokens] * len(lengths)
        return list(self.max_tokens)

    def normalized(self, score: float, n_tokens: int) -> float:
        """`score` as the result ranks it."""
        norm = (n_tokens + self.length_offset) / max(self.length_offset, 1.0)
        return score / max(norm, 1.0) ** self.length_penalty
