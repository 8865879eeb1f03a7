"""What was freed goes back to the system."""

import secrets
import subprocess
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


THREAD = """
import secrets, sys, threading
from asr_core.heap import give_back, use_one_arena
if "one" in sys.argv:
    use_one_arena()
bytearray(1 << 24)  # freed, it lets the C library keep more than before
mark = bytes(byte ^ 85 for byte in bytes.fromhex(sys.argv[1]))  # not in memory as it is
def work():
    recording = mark * 4000
    assert recording
thread = threading.Thread(target=lambda: (work(), done.set(), end.wait()))
done, end = threading.Event(), threading.Event()
thread.start()
done.wait()
give_back()
found = 0
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        span, rights, *rest = line.split()
        if rights.startswith("rw") and rest[-1] != "[stack]":
            start, stop = (int(edge, 16) for edge in span.split("-"))
            memory.seek(start)
            found += memory.read(stop - start).count(mark)
print(found)
end.set()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_a_thread_freed_last_is_given_back_too():
    """As the control shows, it would not be from a region of the thread's own."""

    def left(*way):
        command = [sys.executable, "-c", THREAD, secrets.token_hex(24), *way]
        return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    assert left() > 3000
    assert left("one") < 400


def test_a_system_without_such_a_call_is_left_alone(monkeypatch):
    from asr_core import heap

    monkeypatch.setattr(sys, "platform", "win32")
    heap._trim.cache_clear()
    try:
        give_back()
    finally:
        heap._trim.cache_clear()
