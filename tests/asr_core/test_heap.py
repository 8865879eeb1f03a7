"""What was freed goes back to the system."""

import sys

import numpy as np
import pytest

from asr_core.heap import give_back

_PIECE, _PIECES = 64 * 1024, 2000  # bytes; small enough that the C library keeps what is freed


def resident():
    """Bytes of this process that are in memory."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_gaps_between_what_is_still_in_use_are_given_back():
    before = resident()
    pieces = [np.ones(_PIECE, np.uint8) for _ in range(_PIECES)]
    kept = pieces[::20]
    del pieces
    give_back()
    assert resident() - before < 0.5 * _PIECE * _PIECES
    assert sum(piece.sum() for piece in kept) == _PIECE * len(kept)


def test_a_system_without_such_a_call_is_left_alone(monkeypatch):
    from asr_core import heap

    monkeypatch.setattr(sys, "platform", "win32")
    heap._trim.cache_clear()
    try:
        give_back()
    finally:
        heap._trim.cache_clear()
