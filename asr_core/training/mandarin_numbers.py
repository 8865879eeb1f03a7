"""Numbers in Mandarin drawn at random: as people write them, and as they are said."""

from __future__ import annotations

import random
from collections.abc import Callable

from asr_core.training.figures import Reading, draw_code, draw_decimal, draw_whole, grouped
from asr_core.training.numerals import decimal_zh, say_zh, spell_zh


def _mobile(rng: random.Random) -> list[str]:
    digits = rng.choice(("13", "15", "17", "18", "19")) + f"{rng.randrange(10**9):09}"
    return [digits[:3], digits[3:7], digits[7:]]


def _int(rng: random.Random) -> Reading:
    n = draw_whole(rng)
    return grouped(n, rng) if n >= 1000 else str(n), say_zh(n)


def _count(rng: random.Random) -> Reading:
    n = rng.choice((rng.randint(2, 12), rng.randint(2, 40)))
    return str(n), "两" if n == 2 else say_zh(n)


def _nth(rng: random.Random) -> Reading:
    n = rng.choice((rng.randint(1, 12), rng.randint(1, 40)))
    return str(n), say_zh(n)


def _big(rng: random.Random) -> Reading:
    unit = rng.choice("万万亿")
    if rng.random() < 0.5:
        number = f"{rng.randint(1, 99)}.{rng.randint(1, 9)}"
        return number + unit, decimal_zh(number) + unit
    n = rng.choice((rng.randint(2, 20), rng.randint(2, 99) * 10, rng.randint(100, 3000)))
    return f"{n}{unit}", ("两" if n == 2 else say_zh(n)) + unit


def _percent(rng: random.Random) -> Reading:
    number = rng.choice((str(rng.randint(1, 100)), str(rng.randint(1, 20) * 5), draw_decimal(rng)))
    return f"{number}%", f"百分之{decimal_zh(number)}"


def _decimal(rng: random.Random) -> Reading:
    number = draw_decimal(rng)
    return number, decimal_zh(number)


def _money(rng: random.Random) -> Reading:
    n = rng.choice((rng.randint(5, 300), rng.randint(3, 99) * 100, draw_whole(rng)))
    unit = rng.choice(("块", "块钱", "元", "元", "美元", "欧元", "港币"))
    style = rng.random()
    if style < 0.15:
        return f"¥{n}", f"{say_zh(n)}元"
    if style < 0.25:
        return f"${n}", f"{say_zh(n)}美元"
    if style < 0.4:
        number = draw_decimal(rng, 400)
        return f"{number}元", f"{decimal_zh(number)}元"
    if style < 0.55:
        written, said = _big(rng)
        return f"{written}元", f"{said}元"
    return f"{n}{unit}", f"{say_zh(n)}{unit}"


def _time(rng: random.Random) -> Reading:
    minute = rng.choice((0, 0, 30, rng.randrange(60), rng.randint(1, 11) * 5))
    past = "" if minute == 0 else ("零" if minute < 10 else "") + say_zh(minute) + "分"
    if rng.random() < 0.35:
        hour = rng.randint(6, 23)
        said = f"{say_zh(hour)}点{past.removesuffix('分') if rng.random() < 0.5 else past}"
        return f"{hour}:{minute:02}", said if minute else f"{said}整"
    hour = rng.randint(1, 11)
    part = rng.choice(("上午", "早上") if hour > 5 else ("下午", "下午", "晚上", ""))
    said = f"{part}{'两' if hour == 2 else say_zh(hour)}点"
    if minute == 30 and rng.random() < 0.7:
        return f"{part}{hour}点半", f"{said}半"
    return f"{part}{hour}点{f'{minute}分' if minute else ''}", said + past


def _date(rng: random.Random) -> Reading:
    month, day, year = rng.randint(1, 12), rng.randint(1, 28), rng.randint(1949, 2035)
    mark = rng.choice("日日号")
    written, said = f"{month}月{day}{mark}", f"{say_zh(month)}月{say_zh(day)}{mark}"
    style = rng.random()
    if style < 0.35:
        return f"{year}年{written}", f"{spell_zh(str(year), '一')}年{said}"
    if style < 0.45:
        return f"{day}号", f"{say_zh(day)}号"
    return written, said


def _year(rng: random.Random) -> Reading:
    year = rng.randint(1900, 2035)
    return f"{year}年", f"{spell_zh(str(year), '一')}年"


def _phone(rng: random.Random) -> Reading:
    if rng.random() < 0.25:
        area = rng.choice(("010", "021", "0755", "0571"))
        number = f"{rng.randint(2, 8)}{rng.randrange(10**7):07}"
        said = [spell_zh(part) for part in (area, number[:4], number[4:])]
        return f"{area}-{number}", "，".join(said)
    parts = _mobile(rng)
    glue = rng.choice(("", "", " ", "-"))
    return glue.join(parts), "，".join(spell_zh(part) for part in parts)


def _code(rng: random.Random) -> Reading:
    code = draw_code(rng)
    return code, spell_zh(code)


def _range(rng: random.Random) -> Reading:
    low = rng.choice((rng.randint(2, 9), rng.randint(2, 30), rng.randint(1, 20) * 10))
    high = low + rng.choice((1, 2, 5, 10))
    said = "两" if low == 2 else say_zh(low)
    return f"{low}{rng.choice('-~到')}{high}", f"{said}到{say_zh(high)}"


def _fraction(rng: random.Random) -> Reading:
    below = rng.randint(2, 10)
    above = rng.choice([n for n in range(1, below) if n == 1 or below % n])
    return f"{above}/{below}", f"{say_zh(below)}分之{say_zh(above)}"


def _version(rng: random.Random) -> Reading:
    parts = [rng.randint(1, 12), *(rng.randint(0, 20) for _ in range(rng.choice((1, 1, 2))))]
    return ".".join(map(str, parts)), "点".join(map(say_zh, parts))


def _degrees(rng: random.Random) -> Reading:
    n = rng.randint(-20, 40)
    minus, under = ("-", "零下") if n < 0 else ("", "")
    unit, said = rng.choice((("℃", "摄氏度"), ("°C", "摄氏度"), ("度", "度")))
    return f"{minus}{abs(n)}{unit}", f"{under}{say_zh(abs(n))}{said}"


def _score(rng: random.Random) -> Reading:
    left, right = rng.randint(0, 9), rng.randint(0, 9)
    return f"{left}:{right}", f"{say_zh(left)}比{say_zh(right)}"


READINGS: dict[str, Callable[[random.Random], Reading]] = {
    "zh:int": _int,
    "zh:count": _count,
    "zh:nth": _nth,
    "zh:big": _big,
    "zh:percent": _percent,
    "zh:decimal": _decimal,
    "zh:money": _money,
    "zh:time": _time,
    "zh:date": _date,
    "zh:year": _year,
    "zh:phone": _phone,
    "zh:code": _code,
    "zh:range": _range,
    "zh:fraction": _fraction,
    "zh:version": _version,
    "zh:degrees": _degrees,
    "zh:score": _score,
}
"""By the names that templates use."""
