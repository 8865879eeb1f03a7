"""Which of an answer's tokens spell which of its words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from asr_core.text.tokenizer import words_of

_BROKEN = "\ufffd"  # what an unfinished character decodes to


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
    # Characters up to each token; one that does not finish a character belongs to the next.
    edges = [len(decode(tokens[:n]).rstrip(_BROKEN)) for n in range(len(tokens) + 1)]
    whole = decode(tokens)
    at = max(0, whole.rfind(text))
    found = []
    for word in words_of(text):
        at = max(at, whole.find(word, at))
        stop = at + len(word)
        spelled = [
            log_prob
            for (start, end), log_prob in zip(pairwise(edges), log_probs, strict=True)
            if start < stop and (end > at or start >= at)
        ]
        found.append(AnswerWord(word, math.fsum(spelled) / len(spelled)))
        at = stop
    return found
