"""Figures spelled out as they are read aloud, so that "21" and "twenty-one" are compared as one."""

from __future__ import annotations

import re

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_THOUSANDS = ["", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion"]
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_DIGITS = "零一二三四五六七八九"
_LONGEST = 12  # digits of a figure that is read as a number in Chinese
_FIGURES = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


def english_figures(text: str) -> str:
    """`text` with every run of digits in words; 21% is twenty one percent, 3rd third."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"(\d+)%", r"\1 percent", text)
    text = re.sub(r"(\d+)(?:st|nd|rd|th)\b", lambda m: _ordinal(int(m[1])), text)
    return re.sub(r"\d+", lambda m: f" {_cardinal(int(m[0]))} ", text)


def chinese_figures(text: str) -> str:
    """`text` with every number in characters; years are read digit by digit."""
    text = re.sub(r"(\d{4})年", lambda m: _digits(m[1]) + "年", text)
    text = re.sub(r"(\d+(?:\.\d+)?)%", r"百分之\1", text)
    return _FIGURES.sub(lambda m: m[0] if len(m[0]) >= _LONGEST else _chinese(m[0]), text)


def _cardinal(n: int) -> str:
    """In words, British: one thousand two hundred and fifty."""
    if n >= 1000 ** len(_THOUSANDS):  # no number anybody says
        return " ".join(_SMALL[int(digit)] for digit in str(n))
    groups: list[str] = []
    for i, unit in enumerate(_THOUSANDS):
        group = n // 1000**i % 1000
        if group:
            joint = "and " if i == 0 and group < 100 and n >= 1000 else ""
            groups.append(f"{joint}{_below_thousand(group)} {unit}".strip())
    return " ".join(reversed(groups)) or _SMALL[0]


def _below_thousand(n: int) -> str:
    hundreds, rest = divmod(n, 100)
    words = [f"{_SMALL[hundreds]} hundred"] if hundreds else []
    if rest:
        tens, ones = divmod(rest, 10)
        last = [_SMALL[ones]] if ones else []
        words.append(_SMALL[rest] if rest < 20 else " ".join([_TENS[tens], *last]))
    return " and ".join(words)


def _ordinal(n: int) -> str:
    *before, last = _cardinal(n).split()
    if last in _ORDINALS:
        last = _ORDINALS[last]
    else:
        last = f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"
    return " ".join([*before, last])


def _digits(figures: str) -> str:
    return "".join(_DIGITS[int(digit)] for digit in figures)


def _chinese(figures: str) -> str:
    """1005 is 一千零五, 12 is 十二, 3.50 is 三点五零."""
    whole, _, fraction = figures.partition(".")
    n = int(whole)
    found = _whole(n) if n else _DIGITS[0]
    found = found.removeprefix("一") if found.startswith("一十") else found  # 十二, not 一十二
    return f"{found}点{_digits(fraction)}" if fraction else found


def _whole(n: int) -> str:
    """A number above zero."""
    for unit, name in ((10**8, "亿"), (10**4, "万")):
        if n >= unit:
            high, low = divmod(n, unit)
            gap = _DIGITS[0] if 0 < low < unit // 10 else ""
            return _whole(high) + name + gap + (_whole(low) if low else "")
    found, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = n // unit % 10
        if digit:
            found += (_DIGITS[0] if gap and found else "") + _DIGITS[digit] + name
        gap = not digit
    return found
