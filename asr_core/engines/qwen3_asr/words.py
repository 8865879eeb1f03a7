"""Which of an answer's tokens spell which of its words."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from asr_core.text.tokenizer import words_of


class AnswerWord(NamedTuple):
    """A word of an answer, punctuation attached; in text without spaces, a character."""

    text: str
    log_prob: float  # mean natural log probability of its tokens


def answer_words(
    tokens: Sequence[int],
    log_probs: Sequence[float],
    text: str,
    decode: Callable[[Sequence[int]], str],
) -> list[AnswerWord]:
    """The words of an answer.

    Args:
        tokens: of the whole answer, with what stands before its text.
        text: of the answer, as it is to be read.
        decode: the text of tokens.
    """
    ends = [len(decode(tokens[: i + 1])) for i in range(len(tokens))]  # characters up to each token
    whole = decode(tokens)
    at = max(0, whole.rfind(text))
    found = []
    for word in words_of(text):
        at = max(at, whole.find(word, at))
        first = bisect_right(ends, at)
        last = max(first, bisect_left(ends, at + len(word)))
        spelled = log_probs[first : last + 1]
        found.append(AnswerWord(word, math.fsum(spelled) / len(spelled) if spelled else 0.0))
        at += len(word)
    return found
