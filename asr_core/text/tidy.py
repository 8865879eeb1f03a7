"""Chinese text as people write it: one script, full-width punctuation, few spaces."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import accumulate

import opencc

from asr_core.settings import Script
from asr_core.text.tokenizer import UNSPACED

_HAN_THEN_MARK = re.compile(rf"(?<=[{UNSPACED}])[,?!;:](?![0-9])")
_FULL_WIDTH = str.maketrans(",?!;:", "，？！；：")
_FULL_STOP = re.compile(rf"(?<=[{UNSPACED}])\.(?=\s|$|[{UNSPACED}])")
_UNSPACED_START = re.compile(rf"[{UNSPACED}，。、；：？！…“”‘’「」『』《》〈〉（）【】]")
_CLOSE = re.compile(r"[，。、；：？！…“”‘’「」『』《》〈〉（）【】]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")


@cache
def _converter(script: Script) -> opencc.OpenCC:
    return opencc.OpenCC("t2s" if script == "simplified" else "s2t")


def written(words: Iterable[str], script: Script) -> list[str]:
    """The words in one Chinese script and with the punctuation Chinese text has.

    Conversion sees the whole passage, since 发 becomes 發 or 髮 by the words around it.
    """
    words = [_FULL_STOP.sub("。", _HAN_THEN_MARK.sub(_full_width, word)) for word in words]
    convert = _converter(script).convert
    text = "".join(words)
    whole = convert(text)
    if len(whole) != len(text):  # a phrase changed its length, so nobody knows whose it is
        return [convert(word) for word in words]
    ends = list(accumulate(map(len, words)))
    return [whole[end - len(word) : end] for word, end in zip(words, ends, strict=True)]


def _full_width(mark: re.Match[str]) -> str:
    return mark.group().translate(_FULL_WIDTH)


def joined(words: Iterable[str]) -> str:
    """The text of words: spaces between Latin words, and between Latin and Chinese ones.

    Figures stand close to Chinese characters (11月), and punctuation to whatever it ends.
    """
    text = ""
    for word in words:
        if text and _needs_space(text, word):
            text += " "
        text += word
    return text


def _needs_space(text: str, word: str) -> bool:
    before, after = _UNSPACED_START.match(text[-1]), _UNSPACED_START.match(word)
    if not before and not after:
        return True
    if before and after:
        return False
    beside = text.rsplit(" ", 1)[-1] if after else word
    return not _CLOSE.match(text[-1] if before else word) and bool(_LATIN.search(beside))
