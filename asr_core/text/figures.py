"""Numbers in figures (inverse text normalization): which ones is decided here, how by WeText."""

from __future__ import annotations

import re
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal

from asr_core.result import Word
from asr_core.text.chinese import in_script
from asr_core.text.english_figures import english_figures
from asr_core.text.mandarin_figures import mandarin_figures

_HAN = re.compile("[零〇一二两兩三四五六七八九十百]")
_FIGURES = re.compile(r"[$€]?\d\S*(?: [ap]\.m\.| million| billion| trillion)?")
_OPENING = "\"'“‘(["
_one_at_a_time = threading.Lock()  # the grammars' states are found while they are used


def in_figures(words: Sequence[Word], begins: Sequence[bool]) -> list[Word]:
    """The words, with numbers in figures; several words of one number become one.

    Args:
        begins: of every word whether a sentence begins with it.
    """
    return _in_chinese(_in_english(words, begins))


def _in_english(words: Sequence[Word], begins: Sequence[bool]) -> list[Word]:
    found = list(words)
    texts = [word.text.lower() for word in words]
    for start, end, figures in reversed(english_figures(texts, begins, _english)):
        if not _FIGURES.fullmatch(figures):
            continue
        first, last = words[start].text, words[end - 1].text
        head = first[: len(first) - len(first.lstrip(_OPENING))]
        tail = re.findall(r"\W*$", last)[0]
        whole = (
            f"{head}{figures.removesuffix(tail)}{tail}"  # "p.m." at the end has its stop already
        )
        found[start:end] = [_one(words[start:end], whole)]
    return found


def _in_chinese(words: Sequence[Word]) -> list[Word]:
    found = list(words)
    text = "".join(word.text for word in words)
    plain = in_script(text, "simplified") if _HAN.search(text) else text
    if len(plain) != len(text):  # nobody knows which character became which
        return found
    ends = list(accumulate(len(word.text) for word in words))
    for start, end, figures in reversed(mandarin_figures(plain, _mandarin)):
        if not _FIGURES.fullmatch(figures):
            continue
        if plain[start:end] != text[start:end]:
            figures = figures.replace("万", "萬").replace("亿", "億")
        first, last = bisect_right(ends, start), bisect_left(ends, end)
        begin = ends[first] - len(words[first].text)
        whole = f"{text[begin:start]}{figures}{text[end : ends[last]]}"
        found[first : last + 1] = [_one(words[first : last + 1], whole)]
    return found


def _one(words: Sequence[Word], text: str) -> Word:
    """Words that became one: as long as all of them, as sure as the least sure."""
    return Word(text, words[0].start, words[-1].end, min(word.confidence for word in words))


def _mandarin(spoken: str) -> str:
    return _written(spoken, "zh")


def _english(spoken: str) -> str:
    return re.sub(r"^0(?=\d:)", "", _written(spoken, "en").replace(" %", "%"))


def _written(spoken: str, language: Literal["zh", "en"]) -> str:
    """A number in words as the library writes it."""
    from wetext import normalize  # only here: its grammars take 0.4 s and 40 MB

    with _one_at_a_time:
        return str(normalize(spoken, lang=language, operator="itn"))
