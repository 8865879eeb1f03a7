"""Numbers drawn at random, as far as the languages write them alike."""

from __future__ import annotations

import random

Reading = tuple[str, str]  # as written, as said


def draw_whole(rng: random.Random) -> int:
    """From 10 up to 99,999, every length alike, and often round."""
    n_digits = rng.choice((2, 2, 3, 3, 4, 5))
    n = rng.randint(10 ** (n_digits - 1), 10**n_digits - 1)
    return max(10, round(n, -rng.randint(1, n_digits - 1))) if rng.random() < 0.4 else n


def grouped(n: int, rng: random.Random) -> str:
    """With a comma between thousands where people set one."""
    return f"{n:,}" if n >= 10_000 or rng.random() < 0.5 else str(n)


def draw_decimal(rng: random.Random, top: int = 60) -> str:
    """Up to `top`, with one place or two."""
    places = rng.choice((str(rng.randint(1, 9)), f"{rng.randint(1, 99):02}"))
    return f"{rng.randint(0, top)}.{places}"


def draw_code(rng: random.Random) -> str:
    """Three or four digits, as of a room."""
    return str(rng.choice((rng.randint(101, 999), rng.randint(101, 999), rng.randint(1001, 9999))))
