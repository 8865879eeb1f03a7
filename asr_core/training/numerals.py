"""How numbers are said, in Mandarin and in English."""

from __future__ import annotations

import re

_HAN_DIGITS = "零一二三四五六七八九"
_ENGLISH_DIGITS = ("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def say_zh(n: int) -> str:
    """Mandarin for 0 <= n < 10^12: 两 before 百, 千, 万 and 亿 at the front."""
    said = _cardinal_zh(n)
    return re.sub("^一(?=十)", "", re.sub("^二(?=[百千万亿])", "两", said))


def _cardinal_zh(n: int) -> str:
    for unit, name in ((10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if n >= unit:
            high, low = divmod(n, unit)
            gap = "零" if 0 < low < unit // 10 else ""
            return _cardinal_zh(high) + name + (gap + _cardinal_zh(low) if low else "")
    return _HAN_DIGITS[n]


def spell_zh(digits: str, one: str = "幺") -> str:
    """Digit by digit, as numbers of telephones, rooms and flights are said."""
    return "".join(_HAN_DIGITS[int(digit)] for digit in digits).replace("一", one)


def decimal_zh(number: str) -> str:
    """Mandarin for "12.05": 十二点零五."""
    whole, _, places = number.partition(".")
    return say_zh(int(whole)) + (f"点{spell_zh(places, '一')}" if places else "")


def say_en(n: int) -> str:
    """English for 0 <= n < 10^12, with "and" behind a hundred."""
    if n < 10:
        return "zero" if n == 0 else _ENGLISH_DIGITS[n]
    if n < 20:
        return _TEENS[n - 10]
    if n < 100:
        return TENS[n // 10 - 2] + (f"-{say_en(n % 10)}" if n % 10 else "")
    for unit, name in (
        (10**9, "billion"),
        (10**6, "million"),
        (1000, "thousand"),
        (100, "hundred"),
    ):
        if n >= unit:
            high, low = divmod(n, unit)
            glue = " and " if low < 100 else " "
            return f"{say_en(high)} {name}" + (glue + say_en(low) if low else "")
    raise ValueError(f"no English for {n}")


def ordinal_en(n: int) -> str:
    """English for the n-th: twenty-first."""
    head, hyphen, last = say_en(n).rpartition("-")
    if not hyphen:
        head, hyphen, last = say_en(n).rpartition(" ")
    if last.endswith("y"):
        return f"{head}{hyphen}{last[:-1]}ieth"
    return head + hyphen + _ORDINALS.get(last, f"{last}th")


def year_en(year: int) -> str:
    """English for a year: nineteen oh five, two thousand and eight, twenty twenty-four."""
    century, rest = divmod(year, 100)
    if century == 20 and rest < 10:
        return say_en(year)
    if rest == 0:
        return f"{say_en(century)} hundred"
    return f"{say_en(century)} {'oh ' if rest < 10 else ''}{say_en(rest)}"


def spell_en(digits: str) -> str:
    """Digit by digit, zero as "oh"."""
    return " ".join(_ENGLISH_DIGITS[int(digit)] for digit in digits)


def decimal_en(number: str) -> str:
    """English for "12.05": twelve point oh five."""
    whole, _, places = number.partition(".")
    return say_en(int(whole)) + (f" point {spell_en(places)}" if places else "")
