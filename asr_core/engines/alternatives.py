"""What a word may have been instead, by the other hypotheses of its passage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from asr_core.text.tidy import joined

_MOST = 3
_CORE = re.compile(r"\w(?:.*\w)?", re.DOTALL)


def alternatives(words: Sequence[str], others: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Up to three other readings of every word, likeliest first.

    Args:
        words: of the best hypothesis.
        others: the words of the other hypotheses, likeliest first.

    Returns:
        One tuple a word, each reading with the word's own punctuation. Where another hypothesis
        has several words in the place of one they are one reading; what it adds or leaves out is
        none.
    """
    cores = [_core(word) for word in words]
    found: list[dict[str, None]] = [{} for _ in words]
    for other in others:
        theirs = [_core(word) for word in other]
        matcher = SequenceMatcher(None, _compared(cores), _compared(theirs), autojunk=False)
        for kind, a, b, c, d in matcher.get_opcodes():
            if kind != "replace":
                continue
            if b - a == d - c:
                for i, core in zip(range(a, b), theirs[c:d], strict=True):
                    found[i].setdefault(core)
            elif b - a == 1:
                found[a].setdefault(joined(theirs[c:d]))
    return [
        tuple(_dressed(other, word, core) for other in readings if other and core)[:_MOST]
        for word, core, readings in zip(words, cores, found, strict=True)
    ]


def _core(word: str) -> str:
    found = _CORE.search(word)
    return found.group() if found else ""


def _compared(cores: Sequence[str]) -> list[str]:
    """Case alone makes no other word."""
    return [core.casefold() for core in cores]


def _dressed(other: str, word: str, core: str) -> str:
    """Another reading with the punctuation of the word."""
    at = word.index(core)
    return word[:at] + other + word[at + len(core) :]
