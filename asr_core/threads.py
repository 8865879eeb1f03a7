"""As many threads as there are cores that nobody else is using.

Threads that share an operation wait for one another by spinning. Where another program holds a
core, all of them wait for the one that it keeps out, and lose far more than that core.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator, Iterable
from typing import TypeVar

_BUSY = ("user", "nice", "system", "irq", "softirq", "interrupt", "dpc", "steal")  # of any system
_LEAST_S = 0.5  # between two looks; processor times come in ticks of 10 ms

T = TypeVar("T")


def beside_others(pieces: Iterable[T]) -> Generator[T]:
    """The same pieces of work, torch's threads for each as many as others leave cores.

    Torch has its own number again when the work is over. An engine without torch is left alone.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield from pieces
        return
    most = torch.get_num_threads()
    looked, used = time.monotonic(), _used_by_others()
    try:
        for piece in pieces:
            elapsed = time.monotonic() - looked
            if elapsed >= _LEAST_S:
                before, used = used, _used_by_others()
                looked += elapsed
                n_free = (os.cpu_count() or 1) - round((used - before) / elapsed)
                torch.set_num_threads(max(1, min(most, n_free)))
            yield piece
    finally:
        torch.set_num_threads(most)


def _used_by_others() -> float:
    """Seconds of all cores that went into other processes."""
    import psutil  # here, since the worker's start should not wait for it

    of_all, own = psutil.cpu_times(), psutil.Process().cpu_times()
    return sum(getattr(of_all, kind, 0.0) for kind in _BUSY) - own.user - own.system
