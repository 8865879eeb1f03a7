"""Hypotheses that go round in circles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from asr_core.search.types import Hypothesis

_SHORT = 4  # tokens; phrases up to this long may be repeated `max_repeats` times
_LONGEST = 48  # tokens
_LONG_REPEATS = 3  # the fewest repeats of a long phrase that make a loop


def is_looping(tokens: Sequence[int], max_repeats: int) -> bool:
    """Whether `tokens` ends in one phrase said too often in a row.

    A phrase of up to 4 tokens may be repeated `max_repeats` times; longer ones as long as the whole
    passage is no longer than that, but 3 times at least. With `max_repeats` 0 nothing is a loop.
    """
    if max_repeats == 0:
        return False
    for length in range(1, min(_LONGEST, len(tokens) // _LONG_REPEATS) + 1):
        if length <= _SHORT:
            n_allowed = max_repeats
        else:
            n_allowed = max(_LONG_REPEATS, _SHORT * max_repeats // length)
        span = length * n_allowed  # a loop: these tokens again, one phrase later
        if (
            len(tokens) >= span + length
            and tokens[-1] == tokens[-1 - length]
            and tokens[-span:] == tokens[-span - length : -length]
        ):
            return True
    return False


def without_loop(tokens: Sequence[int]) -> int:
    """How many tokens are left when a phrase said over and over at the end is said once."""
    for length in range(1, min(_LONGEST, len(tokens) // _LONG_REPEATS) + 1):
        n_again = 0  # tokens at the end that are the ones a phrase earlier
        while (
            n_again + length < len(tokens) and tokens[-1 - n_again] == tokens[-1 - n_again - length]
        ):
            n_again += 1
        if n_again >= length * (_LONG_REPEATS - 1):
            return len(tokens) - n_again
    return len(tokens)


def said_once(found: Hypothesis) -> Hypothesis:
    """A hypothesis in which what it went on repeating is said once."""
    n_tokens = without_loop(found.tokens) if found.looped else len(found.tokens)
    return replace(
        found,
        tokens=found.tokens[:n_tokens],
        token_log_probs=found.token_log_probs[:n_tokens],
    )
