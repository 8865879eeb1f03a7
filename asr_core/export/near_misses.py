"""What is left in a text that may still be one of the names that were to be hidden."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from rapidfuzz.distance import OSA

from asr_core.export.pseudonyms import Pseudonyms
from asr_core.result import Transcript
from asr_core.text.chinese import in_script

_WORD = re.compile(r"[^\W\d_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]{3,}")
_CHINESE = re.compile(r"[\u3400-\u9fff]{2,}")
_TITLES = "先生|女士|小姐|老师|教授|主任|医生|大夫|经理|律师|局长|书记|总"
_MOST = 20


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A word that looks or sounds like a name of the list, and how often it is left."""

    text: str
    name: str
    n: int


def near_misses(transcript: Transcript, names: Pseudonyms) -> list[NearMiss]:
    """What is left in `transcript` that may be one of `names`, the most frequent first.

    Args:
        transcript: with its names hidden.
    """
    speakers = {segment.speaker for segment in transcript.segments}
    text = "\n".join([transcript.text, *speakers, transcript.name])
    text = in_script(text, "simplified")
    codes = {code for _, code in names.codes}
    left = {word: n for word, n in Counter(_WORD.findall(text)).items() if _not_in(word, codes)}
    found: dict[str, NearMiss] = {}
    for name, _ in names.codes:
        for word, n in _latin(name, left):
            found.setdefault(word, NearMiss(word, name, n))
        plain = in_script(name, "simplified")
        if _CHINESE.fullmatch(plain):
            for word, n in Counter(_chinese(plain, text)).items():
                found.setdefault(word, NearMiss(word, name, n))
    return sorted(found.values(), key=lambda miss: -miss.n)[:_MOST]


def _not_in(word: str, codes: set[str]) -> bool:
    return not any(word.casefold() in code.casefold() for code in codes)


def _latin(name: str, left: dict[str, int]) -> Iterator[tuple[str, int]]:
    """Parts of a name that stand alone, and words spelled almost like them.

    Names are capitals; only a text without any is searched for small letters.
    """
    has_capitals = any(word[0].isupper() for word in left)
    for part in _WORD.findall(name):
        slips = 0 if len(part) == 3 else 1 if len(part) <= 5 else 2
        for word, n in left.items():
            if has_capitals and not word[0].isupper():
                continue
            distance = OSA.distance(word.casefold(), part.casefold(), score_cutoff=slips)
            if distance <= slips:
                yield word, n


def _chinese(name: str, text: str) -> Iterator[str]:
    """A given name alone, a family name with a title, and whatever sounds the same."""
    if len(name) > 2:
        yield from re.findall(re.escape(name[1:]), text)
    yield from re.findall(rf"{name[0]}(?:{_TITLES})|[老小]{name[0]}", text)
    sound = [_sound(character) for character in name]
    for passage in _CHINESE.findall(text):
        sounds = [_sound(character) for character in passage]
        for start in range(len(passage) - len(name) + 1):
            if sounds[start : start + len(name)] == sound:
                yield passage[start : start + len(name)]


@cache
def _sound(character: str) -> str:
    """Its pinyin without the tone."""
    from pypinyin import lazy_pinyin  # here, as its dictionary takes a moment to load

    return lazy_pinyin(character)[0]
