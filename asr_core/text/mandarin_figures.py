"""Numbers in Chinese characters written in figures, where nothing else can be meant.

What is wrong costs more than what is missed: a number becomes figures if it stands in a percentage,
date, time, decimal or long string of digits, or before something counted. Sayings, pronouns (一个,
万一) and approximate numbers (十几, 二三十) stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_UNIT = "[一二三四五六七八九]"
_ONE = "[一二两三四五六七八九]"
_DIGIT = "[零〇一二三四五六七八九]"
_NUMERALS = "零〇一二两三四五六七八九十百千万亿"

_TEN = f"{_UNIT}?十{_UNIT}?"
_HUNDRED = f"{_ONE}百(?:零{_UNIT}|{_UNIT}十{_UNIT}?|{_UNIT})?"
_THOUSAND = f"{_ONE}千(?:零{_UNIT}十{_UNIT}?|零{_UNIT}|{_HUNDRED}|{_UNIT})?"
_SMALL = f"(?:{_THOUSAND}|{_HUNDRED}|{_TEN}|{_ONE})"
_MYRIAD = f"{_SMALL}万(?:零?{_SMALL})?"
_LARGE = f"{_SMALL}亿(?:零?{_MYRIAD}|零?{_SMALL})?"
_NUMBER = f"(?:{_LARGE}|{_MYRIAD}|{_SMALL})"
_ALONE = f"(?<![{_NUMERALS}幺点几数0-9.])"  # what stands before a number that is not longer
_ENDED = f"(?![{_NUMERALS}点几0-9])"

_DAY_PARTS = re.compile("(?:[早上下中]午|[早晚]上|[今明昨][早晚]|凌晨|夜里|傍晚|清晨|半夜)$")
_MEASURED = (
    "元块岁米吨斤克度倍秒%万亿,小时,分钟,公里,公斤,千克,千米,厘米,毫米,毫秒,平方,立方,美元,日元,"
    "欧元,英镑,英里,英尺,英寸,世纪,年代,摄氏"
)
_COUNTED = "个人名位家条种次天年月日号点层楼页张辆台部本篇届期项件座套场集章周磅颗枚户亩多余"
_SAYINGS = re.compile(
    "十二分|二百五|百分百|三十年河|十万八千|十万个为什么|一千零一夜|[两二]万五千里|三百六十行|三十六计|"
    "七十二变|十八般|十八层地狱|五十步|十万火急|三十而立|四十不惑|[两三]点一线|一点一点"
)


def _units(listed: str) -> str:
    first, *longer = listed.split(",")
    return "|".join([f"[{first}]", *longer])


_PERCENT = re.compile(f"百分之(?:百|(?:零|{_NUMBER})(?:点{_DIGIT}+)?){_ENDED}(?!多)")
_YEAR = re.compile(f"{_ALONE}(?:[一二]{_DIGIT}{{3}}(?=年)|(?:一九|二[零〇]){_DIGIT}{{2}}){_ENDED}")
_MONTH = re.compile(
    f"(?:(?<={_DIGIT}年)(?:{_TEN}|{_UNIT})(?=月)"
    f"|{_ALONE}(?:{_TEN}|{_UNIT})(?=月(?:{_TEN}|{_UNIT})[日号]))"
)
_DAY = re.compile(f"(?<=月)(?:{_TEN}|{_UNIT})(?=[日号])")
_CLOCK = re.compile(
    f"{_ALONE}(?<![有这那])(?P<hour>{_TEN}|{_ONE}|零)点"
    f"(?:(?P<minute>零{_UNIT}|[二三四五]?十{_UNIT}?)(?![{_NUMERALS}点钟岁人年个元块])(?!分[钟之])|(?=半))"
)
_DECIMAL = re.compile(
    f"{_ALONE}(?:{_NUMBER}|零)点{_DIGIT}+(?:万|亿)?{_ENDED}(?![十百千是来分刻钟])"
)
_DIGITS = re.compile(f"(?<![{_NUMERALS}点0-9])[零〇一幺二三四五六七八九]{{6,}}{_ENDED}")
_CARDINAL = re.compile(f"{_ALONE}{_NUMBER}{_ENDED}|{_ALONE}{_NUMBER}(?=点(?![{_NUMERALS}]))")
_BEFORE_MEASURED = re.compile(_units(_MEASURED))
_BEFORE_COUNTED = re.compile(f"[{_COUNTED}]|{_units(_MEASURED)}")
_LONG = 4  # characters from which on a number is no saying
_ROUND = ("一百", "一千", "一万", "一亿")  # before what is counted they mean "very many"

_FIGURES = str.maketrans("零〇一幺二两三四五六七八九", "0011223456789")
_COUNTING = "一二三四五六七八九"

Written = Callable[[str], str]  # a number in words -> in figures
Change = tuple[int, int, str]  # from where to where, and the figures


def mandarin_figures(text: str, written: Written) -> list[Change]:
    """What of `text`, in simplified characters, is written in figures, in order."""
    sayings = [match.span() for match in _SAYINGS.finditer(text)]
    changes: list[Change] = []
    for start, end, figures in _found(text, written):
        taken = [*sayings, *((a, b) for a, b, _ in changes)]
        if all(end <= a or b <= start for a, b in taken):
            changes.append((start, end, figures))
    return sorted(changes)


def _found(text: str, written: Written) -> Iterator[Change]:
    """Every number with its figures; the surer kind first, so that it comes before the others."""
    for match in _PERCENT.finditer(text):
        yield *match.span(), written(match[0])
    for match in _YEAR.finditer(text):
        yield *match.span(), match[0].translate(_FIGURES)
    for pattern in (_MONTH, _DAY):
        for match in pattern.finditer(text):
            yield *match.span(), _figures(match[0], written)
    for match in _CLOCK.finditer(text):
        if _is_clock(text, match):
            yield *match.span("hour"), _figures(match["hour"], written)
            if match["minute"]:
                yield *match.span("minute"), _figures(match["minute"], written)
    for match in _DECIMAL.finditer(text):
        if _is_decimal(text, match):
            yield *match.span(), written(match[0])
    for match in _DIGITS.finditer(text):
        if match[0] not in _COUNTING:
            yield *match.span(), match[0].translate(_FIGURES)
    for match in _CARDINAL.finditer(text):
        if _is_counted(text, match):
            yield *match.span(), _counted(match[0], written)


def _figures(number: str, written: Written) -> str:
    """A small number; single digits and 零五 by themselves, since the library leaves them alone."""
    figures = number.translate(_FIGURES)
    return figures if figures.isascii() else written(number)


def _counted(number: str, written: Written) -> str:
    """A number of things; ten thousands stay a word, as in print: 5万, not 50000."""
    if re.fullmatch(f"{_SMALL}[万亿]", number):
        return _figures(number[:-1], written) + number[-1]
    return written(number)


def _is_clock(text: str, match: re.Match[str]) -> bool:
    """The part of the day tells 一点半 from "a bit and a half", 三点十分 from "three very"."""
    is_doubtful = match["minute"] == "十" or (match["hour"] == "一" and not match["minute"])
    return not is_doubtful or bool(_DAY_PARTS.search(text[: match.start()]))


def _is_decimal(text: str, match: re.Match[str]) -> bool:
    """三点五 may be a time, 有三点一 the first of three things."""
    before = text[: match.start()]
    is_list = before.endswith(("有", "这", "那", "以下")) and not match[0].startswith("零")
    return not (is_list or _DAY_PARTS.search(before))


def _is_counted(text: str, match: re.Match[str]) -> bool:
    """Whether a number is more than one character and something is measured or counted by it."""
    number, after = match[0], text[match.end() :]
    if len(number) == 1:
        return False
    if number in _ROUND:
        return bool(_BEFORE_MEASURED.match(after))
    return len(number) >= _LONG or bool(_BEFORE_COUNTED.match(after))
