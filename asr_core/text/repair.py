"""Listed names and terms put right where they were misheard as something that sounds like them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from asr_core.result import Segment, Word
from asr_core.text.score import HAN
from asr_core.text.tidy import joined
from asr_core.text.timing import shared_time
from asr_core.text.tokenizer import core
from asr_core.text.vocabulary import Term, Vocabulary

_PARTS = re.compile(rf"{HAN}|(?:(?!{HAN})\S)+")  # as words are cut: characters, or between spaces
_CHINESE = re.compile(rf"{HAN}+")
# Chosen on training audio: 153 recordings, a list of words said in them and 52 others.
_DOUBT = 0.75  # confidence below which a word may be another
_NEAR_CHINESE = 0.3  # of the letters of a syllable may differ, on average
_FAR = 0.5  # and of none more than this
_NEAR_LATIN = 0.75  # of the letters that must be the same
_NEAR_ALIKE = 0.6  # the same where consonants sound alike
_LONG = 3  # characters; as many syllables hardly ever agree by chance
_SHORTEST = 4  # letters of a Latin term that is looked for among doubtful words


@dataclass(frozen=True, slots=True)
class _Match:
    """A listed term in place of the words from `start` to `end`."""

    start: int
    end: int
    term: str
    score: float  # 2: a form the person gave; 1: sounds the same; less: sounds like it


class Repair:
    """Puts the terms of a list right.

    What the person wrote down as `heard as` is replaced wherever it stands, as whole words. What
    sounds exactly like a term is replaced unless that may well be chance: two syllables are, and
    so is the case of a common word. What only resembles it is replaced where the recognizer was
    in doubt about every word that changes. Words keep their times; what stood there becomes an
    alternative.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._forms: dict[tuple[str, ...], str] = {}
        self._latin: dict[str, str] = {}  # by letters
        self._chinese: dict[str, dict[str, list[str]]] = defaultdict(dict)  # by first syllable
        self._right = {_units(term.text) for term in vocabulary.terms}
        for term in vocabulary.terms:
            self._add(term)
        self._longest_form = max(map(len, self._forms), default=0)
        self._longest_latin = max((len(t.split()) for t in self._latin.values()), default=0) + 1

    def __call__(self, segment: Segment) -> Segment:
        """The segment with the terms put right; the same one where there is nothing to do."""
        words = segment.words
        matches = sorted(self._matches(words), key=lambda m: (-m.score, m.start - m.end, m.start))
        taken: set[int] = set()
        chosen: list[_Match] = []
        for match in matches:
            places = set(range(match.start, match.end))
            if not places & taken:
                taken |= places
                chosen.append(match)
        chosen = [m for m in chosen if _shown(words[m.start : m.end]) != m.term]
        if not chosen:
            return segment
        found = list(words)
        for match in sorted(chosen, key=lambda m: -m.start):
            found[match.start : match.end] = _rewritten(words[match.start : match.end], match.term)
        return replace(segment, text=joined(w.text for w in found), words=tuple(found))

    def _add(self, term: Term) -> None:
        for form in term.heard_as:
            self._forms.setdefault(_units(form), term.text)
        if _CHINESE.fullmatch(term.text):
            if len(term.text) > 1:
                syllables = _syllables(term.text)
                self._chinese[syllables[0]][term.text] = syllables
        elif not _CHINESE.search(term.text):
            self._latin.setdefault("".join(_units(term.text)), term.text)

    def _matches(self, words: Sequence[Word]) -> Iterator[_Match]:
        units = [_units(word.text) for word in words]
        for start in range(len(words)):
            yield from self._given(units, start)
            yield from self._sounding_chinese(words, start)
            yield from self._sounding_latin(words, units, start)

    def _given(self, units: Sequence[tuple[str, ...]], start: int) -> Iterator[_Match]:
        """Forms the person gave, unless the list has them as right ones, too."""
        said: tuple[str, ...] = ()
        for end in range(start + 1, min(start + self._longest_form, len(units)) + 1):
            said += units[end - 1]
            if said in self._forms and said not in self._right:
                yield _Match(start, end, self._forms[said], 2.0)

    def _sounding_chinese(self, words: Sequence[Word], start: int) -> Iterator[_Match]:
        first = core(words[start].text)
        if not _CHINESE.fullmatch(first):
            return
        for term, syllables in self._terms_like(first):
            window = words[start : start + len(term)]
            said = [core(word.text) for word in window]
            if len(said) < len(term) or not _CHINESE.fullmatch("".join(said)):
                continue
            if any(len(c) != 1 for c in said) or _is_broken(window):
                continue
            distances = [_distance(*pair) for pair in zip(said, syllables, strict=True)]
            mean = sum(distances) / len(distances)
            differing = [w for w, a, b in zip(window, said, term, strict=True) if a != b]
            is_long = len(term) >= _LONG
            if mean == 0:
                is_it = not differing or is_long or _in_doubt(differing)
            else:
                is_near = mean <= _NEAR_CHINESE and max(distances) <= _FAR
                is_it = is_long and is_near and _in_doubt(differing)
            if is_it:
                yield _Match(start, start + len(term), term, 1.0 - mean)

    def _terms_like(self, character: str) -> Iterator[tuple[str, list[str]]]:
        """Terms whose first character may sound like this one, and their syllables."""
        for syllable, terms in self._chinese.items():
            if _distance(character, syllable) <= _FAR:
                yield from terms.items()

    def _sounding_latin(
        self, words: Sequence[Word], units: Sequence[tuple[str, ...]], start: int
    ) -> Iterator[_Match]:
        letters = ""
        for end in range(start + 1, min(start + self._longest_latin, len(words)) + 1):
            if _CHINESE.search(words[end - 1].text) or _is_broken(words[start:end]):
                return
            letters += "".join(units[end - 1])
            window = words[start:end]
            term = self._latin.get(letters)
            if term is not None:
                shown = _shown(window)
                is_it = _is_telling(term, shown) or (_in_doubt(window) and not term.islower())
                yield _Match(start, end, term if is_it else shown, 1.0)
            elif letters and _in_doubt(window):
                for spelled, near in self._latin.items():
                    alike = _likeness(letters, spelled)
                    if alike:
                        yield _Match(start, end, near, alike)


def _units(text: str) -> tuple[str, ...]:
    """What is compared: characters of Chinese and words of other languages, letters only."""
    parts = ("".join(filter(str.isalnum, part)).casefold() for part in _PARTS.findall(text))
    return tuple(part for part in parts if part)


def _shown(words: Sequence[Word]) -> str:
    """The words as text, without the punctuation around them."""
    return core(joined(word.text for word in words))


def _is_broken(words: Sequence[Word]) -> bool:
    """Whether punctuation stands between the words."""
    inner = (a.text[-1:] + b.text[:1] for a, b in pairwise(words))
    return any(not character.isalnum() for pair in inner for character in pair)


def _in_doubt(words: Sequence[Word]) -> bool:
    return all(word.confidence < _DOUBT for word in words)


def _is_telling(term: str, shown: str) -> bool:
    """Whether a difference of spaces or case is more than the capital of a plain word.

    A person may list Will and Rose; that is no reason to write every will and rose so. A term in
    small letters may begin a sentence.
    """
    is_plain = term.istitle() or term.islower()
    return term.casefold() != shown.casefold() or not is_plain


def _syllables(text: str) -> list[str]:
    """How Chinese text is read, in letters without tones: each character as it is in this text."""
    from pypinyin import lazy_pinyin  # here: most runs have no list, and its tables take time

    return lazy_pinyin(text)


@cache
def _distance(character: str, syllable: str) -> float:
    """How unlike a syllable a character may sound: 0 the same, 1 nothing in common."""
    from pypinyin import Style, pinyin
    from rapidfuzz.distance import Levenshtein

    readings = pinyin(character, style=Style.NORMAL, heteronym=True)[0]
    return min(Levenshtein.normalized_distance(reading, syllable) for reading in readings)


def _likeness(letters: str, term: str) -> float:
    """How like a Latin term some letters are, 0 where that is not enough to take them for it."""
    from rapidfuzz.distance import Levenshtein

    is_genitive = f"{term}s" == letters or f"{letters}s" == term
    if is_genitive or min(len(letters), len(term)) < _SHORTEST:
        return 0.0
    same = Levenshtein.normalized_similarity(letters, term, score_cutoff=_NEAR_ALIKE)
    is_near = same >= _NEAR_LATIN or (same > 0 and _sound(letters) == _sound(term))
    return min(same, 0.99) if is_near else 0.0


# What is written differently and sounds alike, in this order; then vowels go, but for the first.
_ALIKE: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    ("ph", "f"),
    ("[sc]h|tch", "x"),
    ("c(?=[eiy])", "s"),
    ("[cq]|ck", "k"),
    ("x(?!$)", "ks"),
    ("z", "s"),
    ("j|g(?=[eiy])", "j"),
    ("(?<=.)[aeiouyhw]", ""),
    (r"(.)\1+", lambda match: match[1]),
)


@cache
def _sound(letters: str) -> str:
    """A key that Latin words which sound alike share."""
    for pattern, written in _ALIKE:
        letters = re.sub(pattern, written, letters)
    return letters


def _rewritten(window: Sequence[Word], term: str) -> list[Word]:
    """The term in the time of these words, with the punctuation around them."""
    first, last = window[0].text, window[-1].text
    before = first[: len(first) - len(first.lstrip(_marks(first)))]
    after = last[len(last.rstrip(_marks(last))) :]
    parts = _PARTS.findall(term)
    texts = [
        before * (i == 0) + part + after * (i == len(parts) - 1) for i, part in enumerate(parts)
    ]
    if len(parts) == len(window):
        return [
            word if word.text == text else _changed(word, text, word.text)
            for word, text in zip(window, texts, strict=True)
        ]
    confidence = min(word.confidence for word in window)
    times = shared_time([*map(len, parts)], window[0].start, window[-1].end)
    found = [Word(text, *time, confidence) for text, time in zip(texts, times, strict=True)]
    if len(found) == 1:
        found = [_changed(found[0], texts[0], joined(word.text for word in window))]
    return found


def _changed(word: Word, text: str, before: str) -> Word:
    others = (before, *(other for other in word.alternatives if other not in (text, before)))
    return replace(word, text=text, alternatives=others[:3])


def _marks(text: str) -> str:
    """The characters of a word that are neither letters nor figures."""
    return "".join(character for character in text if not character.isalnum())
