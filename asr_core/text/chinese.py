"""Chinese text as people write it: one script, and punctuation of one width."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import Literal

import opencc

from asr_core.text.tokenizer import UNSPACED

ChineseScript = Literal["simplified", "traditional"]

_FULL_WIDTH = str.maketrans(",?!;:.", "，？！；：。")
_HALF_WIDTH = str.maketrans("，？！；：。", ",?!;:.")
_UNSPACED_LANGUAGES = ("zh", "yue", "ja")
_CHINESE = re.compile(f"[{UNSPACED}]")
_MARKS_AFTER_CHINESE = re.compile(rf"(?<=[{UNSPACED}])[,?!;:]+(?![0-9])")
_STOP_AFTER_CHINESE = re.compile(rf"(?<=[{UNSPACED}])\.(?=\s|$|[{UNSPACED}])")
_LATIN = rf"[^\s{UNSPACED}，。？！；：]"
_MARK_WITHIN = re.compile(  # Chinese, at most three other words, a mark, and Chinese again
    rf"(?<=[{UNSPACED}，、])(?: {_LATIN}+){{0,2}} {_LATIN}*"
    rf"(?:[A-Za-z]{{2}}\d*[,.?!;:]|[\d%][,?!;:])(?= [{UNSPACED}])"
)


@cache
def _converter(script: ChineseScript) -> opencc.OpenCC:
    return opencc.OpenCC("t2s" if script == "simplified" else "s2t")


def in_script(text: str, script: ChineseScript) -> str:
    """Text in one script; 发 becomes 發 or 髮 by the words around it."""
    return text if text.isascii() else _converter(script).convert(text)


def words_in_script(words: Sequence[str], script: ChineseScript) -> list[str]:
    """The words of a passage in one script, the passage converted as a whole."""
    text = "".join(words)
    whole = in_script(text, script)
    if len(whole) != len(text):  # a phrase changed its length, so nobody knows whose it is
        return [in_script(word, script) for word in words]
    return _cut(whole, words, 0)


def full_width(words: Sequence[str], language: str) -> list[str]:
    """The words with full-width marks beside Chinese, and half-width ones in other text.

    In Chinese a mark after a Latin word or a figure is full-width if Chinese goes on after it.

    Args:
        language: of the passage, which may be Chinese without a Chinese character: 20%。
    """
    text = " ".join(words)
    if language not in _UNSPACED_LANGUAGES and not _CHINESE.search(text):
        return half_width(words)
    for pattern in (_MARKS_AFTER_CHINESE, _STOP_AFTER_CHINESE):
        text = pattern.sub(lambda found: found[0].translate(_FULL_WIDTH), text)
    text = _MARK_WITHIN.sub(lambda found: found[0][:-1] + found[0][-1].translate(_FULL_WIDTH), text)
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
