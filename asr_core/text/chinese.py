"""Chinese text as people write it: one script, and punctuation of one width."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import Literal

import opencc

from asr_core.text.tokenizer import UNSPACED

_FULL_WIDTH = str.maketrans(",?!;:.", "，？！；：。")
_HALF_WIDTH = str.maketrans("，？！；：。", ",?!;:.")
_CHINESE = re.compile(f"[{UNSPACED}]")
_MARKS_AFTER_CHINESE = re.compile(rf"(?<=[{UNSPACED}])[,?!;:]+(?![0-9])")
_STOP_AFTER_CHINESE = re.compile(rf"(?<=[{UNSPACED}])\.(?=\s|$|[{UNSPACED}])")
_LATIN_WITHIN = re.compile(  # at most three Latin words, a mark, and Chinese again
    rf"(?<=[{UNSPACED}])(?: [^\s{UNSPACED}，。？！；：]*[A-Za-z]{{2,}}\d*){{1,3}}[,.?!;:]"
    rf"(?= [{UNSPACED}])"
)


@cache
def _converter(script: Literal["simplified", "traditional"]) -> opencc.OpenCC:
    return opencc.OpenCC("t2s" if script == "simplified" else "s2t")


def in_script(words: Sequence[str], script: Literal["simplified", "traditional"]) -> list[str]:
    """The words in one script.

    Conversion sees the whole passage, since 发 becomes 發 or 髮 by the words around it.
    """
    text = "".join(words)
    if text.isascii():
        return list(words)
    convert = _converter(script).convert
    whole = convert(text)
    if len(whole) != len(text):  # a phrase changed its length, so nobody knows whose it is
        return [convert(word) for word in words]
    return _cut(whole, words, 0)


def full_width(words: Sequence[str]) -> list[str]:
    """The words with full-width marks beside Chinese, and half-width ones in other text.

    In Chinese a mark after a Latin word or two is full-width if Chinese goes on after it.
    """
    text = " ".join(words)
    if not _CHINESE.search(text):
        return half_width(words)
    for pattern in (_MARKS_AFTER_CHINESE, _STOP_AFTER_CHINESE):
        text = pattern.sub(lambda found: found[0].translate(_FULL_WIDTH), text)
    text = _LATIN_WITHIN.sub(
        lambda found: found[0][:-1] + found[0][-1].translate(_FULL_WIDTH), text
    )
    return _cut(text, words, 1)


def half_width(words: Sequence[str]) -> list[str]:
    """The words with half-width marks alone."""
    return [word.translate(_HALF_WIDTH) for word in words]


def _cut(text: str, words: Sequence[str], n_between: int) -> list[str]:
    """`text`, of the same length as the words and what was between them, as words again."""
    ends = accumulate(len(word) + n_between for word in words)
    return [
        text[end - n_between - len(word) : end - n_between]
        for end, word in zip(ends, words, strict=True)
    ]
