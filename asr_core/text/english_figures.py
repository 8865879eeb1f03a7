"""English number words written in figures, where nothing else can be meant.

Small numbers and "one" stay words, as in print; so do ordinals, fractions and what is no number as
a whole ("two three hundred", "fifty-fifty").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

_UNITS = "one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_LOW = f"(?:(?:{_TENS})(?: (?:{_UNITS}))?|{_TEENS}|{_UNITS})"
_HUNDREDS = f"{_LOW} hundred(?:(?: and)? {_LOW})?"
_BELOW_THOUSAND = f"(?:{_HUNDREDS}|{_LOW})"
_THOUSANDS = f"{_BELOW_THOUSAND} thousand(?:(?: and)? {_BELOW_THOUSAND})?"
_LARGE = "(?:million|billion|trillion)"
_MILLIONS = f"{_BELOW_THOUSAND} {_LARGE}(?:(?: and)? (?:{_THOUSANDS}|{_BELOW_THOUSAND}))?"
_NUMBER = f"(?:{_MILLIONS}|{_THOUSANDS}|{_BELOW_THOUSAND})"
_DIGIT = f"(?:zero|oh|{_UNITS})"
_DECIMAL = f"(?:zero|{_NUMBER}) point {_DIGIT}(?: {_DIGIT})*(?: {_LARGE})?"
_CENTURY = "(?:sixteen|seventeen|eighteen|nineteen|twenty)"
_YEAR = re.compile(f"{_CENTURY} (?:(?:{_TENS}) (?:{_UNITS})|oh (?:{_UNITS}))")
_MAYBE_YEAR = re.compile(f"{_CENTURY} (?:{_TENS}|{_TEENS})")  # "twenty thirty" may be two numbers
_PERCENT = re.compile(f"(?:{_DECIMAL}|{_NUMBER}) percent")
_MONEY = re.compile(f"(?:{_DECIMAL}|{_NUMBER}) (?:dollars?|euros?)(?: and {_LOW} cents?)?")
_CLOCK = re.compile(f"(?:{_UNITS}|ten|eleven|twelve)(?: {_LOW})? (?:[ap]m|[ap]\\.m\\.)")
_PHONE = re.compile(f"{_DIGIT}(?: {_DIGIT}){{6,}}")
_SURE = (_PERCENT, _MONEY, _CLOCK, _PHONE, _YEAR)

_WORDS = re.compile(
    f"{_UNITS}|{_TEENS}|{_TENS}|zero|oh|hundred|thousand|{_LARGE}|point|percent|dollars?|euros?|cents?"
    r"|[ap]m|[ap]\.m\.?"
)
_SMALL = re.compile(f"{_UNITS}|ten|eleven|twelve|zero|oh")
_BEFORE_AND = re.compile(f"hundred|thousand|{_LARGE}|dollars?|euros?")
_BEFORE_YEAR = re.compile(
    "in|since|by|until|till|year|before|after|during|from|spring|summer|autumn|fall|winter|january|"
    "february|march|april|may|june|july|august|september|october|november|december"
)
_BEFORE_POINT = re.compile("at|on|to|this|that|up|some|any")  # "at one point two people came"
_LINKS = ("or", "to", "and")  # between two numbers, both in words or both in figures
_UNFINISHED = re.compile(  # what makes the number before it another one, or no number at all
    r"\d.*|\w*th|\w*ths|first|seconds?|thirds?|quarters?|hal(?:f|ves)|odd|some|something|ish|point"
)
_COUNTING = " ".join(_UNITS.split("|"))

Written = Callable[[str], str]  # a number in words -> in figures
Change = tuple[int, int, str]  # from which word to which, and the figures


def english_figures(words: Sequence[str], begins: Sequence[bool], written: Written) -> list[Change]:
    """Which of `words`, in lower case, are written in figures, in order.

    Args:
        words: with the marks that end a clause.
        begins: of every word whether a sentence begins with it; there a plain number stays a word.
    """
    changes: list[Change] = []
    left = -1  # where the last number ends that stays in words
    for start, end in _runs(words):
        spoken = " ".join(_bare(word) for word in words[start:end]).replace("-", " ")
        before = _bare(words[start - 1]) if start else ""
        after = words[end : end + 2] if not _closes(words[end - 1]) else []
        is_open = before[:1].isdigit() or _goes_on(after)
        in_words = begins[start] or left == start or (left == start - 1 and before in _LINKS)
        if is_open or not _is_figures(spoken, before, in_words):
            left = end
        else:
            figures = written(spoken)
            if "thousand" in spoken or "million" in spoken:
                figures = re.sub(r"\d{5,}", lambda found: f"{int(found[0]):,}", figures)
            changes.append((start, end, figures))
    return changes


def _runs(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """From where to where nothing but number words stand, as many as there are."""
    start = 0
    while start < len(words):
        end = start
        while end < len(words) and _continues(words, start, end):
            end += 1
        if end > start:
            yield start, end
        start = max(end, start + 1)


def _continues(words: Sequence[str], start: int, end: int) -> bool:
    """Whether the word at `end` goes on with the number that begins at `start`."""
    if end > start and _closes(words[end - 1]):
        return False
    word = _bare(words[end])
    if word != "and":
        return _is_number(word)
    if end == start or end + 1 == len(words) or _closes(words[end]):
        return False
    scale, number = _bare(words[end - 1]), _bare(words[end + 1])
    return bool(_BEFORE_AND.fullmatch(scale)) and _is_number(number)


def _is_number(word: str) -> bool:
    return bool(word) and all(_WORDS.fullmatch(part) for part in word.split("-"))


def _is_figures(spoken: str, before: str, in_words: bool) -> bool:
    """Whether a whole run of number words reads better in figures.

    Args:
        in_words: a plain number is not: it begins a sentence, or one beside it stays in words.
    """
    if any(pattern.fullmatch(spoken) for pattern in _SURE):
        return spoken not in _COUNTING
    if _MAYBE_YEAR.fullmatch(spoken):
        return bool(_BEFORE_YEAR.fullmatch(before))
    if re.fullmatch(_DECIMAL, spoken):
        return not _BEFORE_POINT.fullmatch(before)
    is_small = bool(_SMALL.fullmatch(spoken))
    return bool(re.fullmatch(_NUMBER, spoken)) and not is_small and not in_words


def _goes_on(after: Sequence[str]) -> bool:
    """Whether what follows makes the number another one: "twenty first", "two and a half"."""
    bare = [_bare(word) for word in after]
    return bool(bare) and (bool(_UNFINISHED.fullmatch(bare[0])) or bare == ["and", "a"])


def _bare(word: str) -> str:
    """A word without the marks around it, those within "p.m." kept."""
    word = word.strip("\"'“”‘’()[],;:?!…，。；：？！")
    return word if _WORDS.fullmatch(word) else word.rstrip(".")


def _closes(word: str) -> bool:
    """Whether a word ends with a mark, so that the number ends with it, too."""
    return not _WORDS.fullmatch(word) and not word[-1:].isalnum()
