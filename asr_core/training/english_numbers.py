"""Numbers in English drawn at random: as people write them, and as they are said."""

from __future__ import annotations

import random
from collections.abc import Callable

from asr_core.training.figures import Reading, draw_code, draw_decimal, draw_whole, grouped
from asr_core.training.numerals import TENS, decimal_en, ordinal_en, say_en, spell_en, year_en

_COINS = (
    ("$", "dollars", "cents"),
    ("$", "dollars", "cents"),
    ("£", "pounds", "pence"),
    ("€", "euros", "cents"),
)
_DEGREES = (
    ("°F", "degrees Fahrenheit"),
    ("°C", "degrees Celsius"),
    ("°", "degrees"),
    (" degrees", "degrees"),
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _suffix(n: int) -> str:
    return "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")


def _int(rng: random.Random) -> Reading:
    n = draw_whole(rng)
    return grouped(n, rng) if n >= 1000 else str(n), say_en(n)


def _count(rng: random.Random) -> Reading:
    n = rng.choice((rng.randint(10, 40), rng.randint(2, 99)))
    return str(n), say_en(n)


def _percent(rng: random.Random) -> Reading:
    number = rng.choice((str(rng.randint(1, 100)), str(rng.randint(1, 20) * 5), draw_decimal(rng)))
    return f"{number}%", f"{decimal_en(number)} percent"


def _decimal(rng: random.Random) -> Reading:
    number = draw_decimal(rng)
    return number, decimal_en(number)


def _money(rng: random.Random) -> Reading:
    sign, unit, cent = rng.choice(_COINS)
    style = rng.random()
    if style < 0.25:
        whole, part = rng.randint(2, 200), rng.choice((99, 95, 50, 49, rng.randint(11, 98)))
        tail = f" {cent}" if rng.random() < 0.4 else ""
        middle = f" {unit} and " if tail else " "
        return f"{sign}{whole}.{part}", f"{say_en(whole)}{middle}{say_en(part)}{tail}"
    if style < 0.5:
        number = rng.choice((str(rng.randint(2, 900)), f"{rng.randint(1, 20)}.{rng.randint(1, 9)}"))
        scale = rng.choice(("million", "million", "billion"))
        return f"{sign}{number} {scale}", f"{decimal_en(number)} {scale} {unit}"
    n = rng.choice((rng.randint(5, 300), draw_whole(rng)))
    return f"{sign}{grouped(n, rng) if n >= 1000 else n}", f"{say_en(n)} {unit}"


def _time(rng: random.Random) -> Reading:
    hour, minute = rng.randint(1, 12), rng.choice((0, 0, 30, 15, 45, rng.randint(1, 11) * 5))
    past = "" if minute == 0 else f" {'oh ' if minute < 10 else ''}{say_en(minute)}"
    clock = f"{hour}:{minute:02}"
    if minute == 0:
        clock = rng.choice((clock, str(hour)))
    mark = rng.choice(("a.m.", "p.m.", "p.m.", "AM", "PM"))
    if clock == str(hour) or rng.random() < 0.6:
        return f"{clock} {mark}", f"{say_en(hour)}{past} {mark.replace('.', '').upper()}"
    return clock, say_en(hour) + (past or " o'clock")


def _date(rng: random.Random) -> Reading:
    month, day, year = rng.choice(_MONTHS), rng.randint(1, 28), rng.randint(1950, 2035)
    style = rng.random()
    if style < 0.3:
        return f"{month} {day}, {year}", f"{month} {ordinal_en(day)}, {year_en(year)}"
    if style < 0.5:
        return f"the {day}{_suffix(day)} of {month}", f"the {ordinal_en(day)} of {month}"
    mark = rng.choice(("", _suffix(day)))
    return f"{month} {day}{mark}", f"{month} {ordinal_en(day)}"


def _year(rng: random.Random) -> Reading:
    year = rng.randint(1850, 2035)
    return str(year), year_en(year)


def _decade(rng: random.Random) -> Reading:
    tens = rng.randint(0, 7)
    return f"19{tens + 2}0s", f"nineteen {TENS[tens].removesuffix('y')}ies"


def _phone(rng: random.Random) -> Reading:
    area, middle, last = rng.randint(201, 989), rng.randint(201, 989), f"{rng.randrange(10**4):04}"
    written = rng.choice((f"({area}) {middle}-{last}", f"{area}-{middle}-{last}"))
    return written, ", ".join(spell_en(str(part)) for part in (area, middle, last))


def _code(rng: random.Random) -> Reading:
    code = draw_code(rng)
    return code, spell_en(code)


def _ordinal(rng: random.Random) -> Reading:
    n = rng.choice((rng.randint(2, 31), rng.randint(2, 120)))
    return f"{n}{_suffix(n)}", ordinal_en(n)


def _range(rng: random.Random) -> Reading:
    low = rng.choice((rng.randint(2, 30), rng.randint(1, 20) * 10))
    high = low + rng.choice((1, 2, 5, 10))
    return f"{low}{rng.choice(('-', ' to ', '–'))}{high}", f"{say_en(low)} to {say_en(high)}"


def _version(rng: random.Random) -> Reading:
    parts = [rng.randint(1, 12), *(rng.randint(0, 20) for _ in range(rng.choice((1, 1, 2))))]
    said = " point ".join(say_en(part) for part in parts)
    return ".".join(map(str, parts)), said


def _degrees(rng: random.Random) -> Reading:
    n = rng.randint(2, 100)
    unit, said = rng.choice(_DEGREES)
    return f"{n}{unit}", f"{say_en(n)} {said}"


READINGS: dict[str, Callable[[random.Random], Reading]] = {
    "en:int": _int,
    "en:count": _count,
    "en:percent": _percent,
    "en:decimal": _decimal,
    "en:money": _money,
    "en:time": _time,
    "en:date": _date,
    "en:year": _year,
    "en:decade": _decade,
    "en:phone": _phone,
    "en:code": _code,
    "en:ordinal": _ordinal,
    "en:range": _range,
    "en:version": _version,
    "en:degrees": _degrees,
}
"""By the names that templates use."""
