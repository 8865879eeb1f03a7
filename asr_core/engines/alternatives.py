"""What a word may have been instead: by the other hypotheses of its passage, and token by token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from asr_core.search.types import Hypothesis
from asr_core.text.score import HAN
from asr_core.text.tidy import joined
from asr_core.text.tokenizer import Tokenizer, TokenWord, core

_MOST = 3
_HAN = re.compile(HAN)


def alternatives(
    best: Hypothesis, others: Sequence[Hypothesis], tokenizer: Tokenizer
) -> list[tuple[str, ...]]:
    """Up to three other readings of every word of the best hypothesis, likeliest first.

    First come the words that the other hypotheses have in its place, then, for a Chinese character
    that is a token, the characters that the search weighed against it.

    Returns:
        One tuple a word, each reading with the word's own punctuation. Where another hypothesis
        has several words in the place of one they are one reading; what it adds or leaves out is
        none. Greedy CTC has no readings but the best, draft decoding only those of characters.
    """
    words = tokenizer.words(best.tokens)
    texts = [[word.text for word in tokenizer.words(other.tokens)] for other in others]
    found = other_words([word.text for word in words], texts)
    return [
        tuple(dict.fromkeys((*readings, *_other_characters(word, best.rivals, tokenizer))))[:_MOST]
        for word, readings in zip(words, found, strict=True)
    ]


def other_words(words: Sequence[str], others: Sequence[Sequence[str]]) -> list[list[str]]:
    """What other hypotheses, as words, have in the place of each of the words."""
    cores = [core(word) for word in words]
    found: list[dict[str, None]] = [{} for _ in words]
    for other in others:
        theirs = [core(word) for word in other]
        matcher = SequenceMatcher(None, _compared(cores), _compared(theirs), autojunk=False)
        for kind, a, b, c, d in matcher.get_opcodes():
            if kind != "replace":
                continue
            if b - a == d - c:
                for i, reading in zip(range(a, b), theirs[c:d], strict=True):
                    found[i].setdefault(reading)
            elif b - a == 1:
                found[a].setdefault(joined(theirs[c:d]))
    return [
        [_dressed(other, word, bare) for other in readings if other and bare]
        for word, bare, readings in zip(words, cores, found, strict=True)
    ]


def _other_characters(
    word: TokenWord, rivals: Sequence[Sequence[int]], tokenizer: Tokenizer
) -> Iterator[str]:
    """The characters that were likely in the place of one."""
    bare, place = core(word.text), int(word.start)
    is_whole = word.start == place and word.end >= place + 1  # no token spells two of them
    if not rivals or not is_whole or not _HAN.fullmatch(bare):
        return
    for token in rivals[place]:
        other = tokenizer.decode([token])
        if _HAN.fullmatch(other) and other != bare:
            yield _dressed(other, word.text, bare)


def _compared(cores: Sequence[str]) -> list[str]:
    """Case alone makes no other word."""
    return [bare.casefold() for bare in cores]


def _dressed(other: str, word: str, bare: str) -> str:
    """Another reading with the punctuation of the word."""
    at = word.index(bare)
    return word[:at] + other + word[at + len(bare) :]
