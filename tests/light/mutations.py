"""Seeded damage to bytes and to JSON, for the tests that throw much at a reader."""

import random

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
VALUES = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, -0.0, 1e308, float("nan"), float("inf")),
    *("", "zh", "\0", "\ud800", "\u202e", "<b>", "x" * 10_000, [], {}, [[]], [None], {"": {}}),
)


def damaged(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """The bytes with one to eight things done to them."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        at = rng.randrange(len(found) + 1)
        if rng.random() < 0.5:
            at = min(at, rng.randrange(200))  # most of what readers believe stands at the front
        length = rng.choice((1, 2, 4, 16, 200))
        match rng.randrange(7):
            case 0:
                found[at : at + 1] = rng.randbytes(1)
            case 1:
                found[at : at + length] = rng.randbytes(length)
            case 2:
                number = rng.choice(NUMBERS).to_bytes(4, rng.choice(("little", "big")))
                found[at : at + 4] = number
            case 3:
                del found[at : at + length]
            case 4:
                found[at:at] = found[at : at + length] * rng.choice((1, 2, 50))
            case 5:
                del found[at:]
            case 6:
                other = rng.choice(others)
                start = rng.randrange(len(other))
                found[at : at + length] = other[start : start + length]
    return bytes(found)


def changed(value: object, rng: random.Random) -> object:
    """A value of JSON with something else somewhere in it."""
    if rng.random() < 0.15 or not isinstance(value, list | dict) or not value:
        return rng.choice(VALUES)
    if isinstance(value, dict):
        key = rng.choice(list(value))
        if rng.random() < 0.2:
            return {name: inner for name, inner in value.items() if name != key}
        return value | {key: changed(value[key], rng)}
    at = rng.randrange(len(value))
    if rng.random() < 0.2:
        return value[:at] + value[at + 1 :]
    return [*value[:at], changed(value[at], rng), *value[at + 1 :]]
