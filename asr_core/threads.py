"""As many threads as there are cores that nobody else is using.

Threads that share an operation wait for one another by spinning. Where another program holds a
core, all of them wait for the one that it keeps out, and lose far more than that core.
"""

from __future__ import annotations

import os
import time

import psutil
import torch

_BUSY = ("user", "nice", "system", "irq", "softirq", "interrupt", "dpc", "steal")  # of any system
_LEAST_S = 0.5  # between two looks; processor times come in ticks of 10 ms


class Threads:
    """Torch's threads, fewer while other programs are at work.

    Args:
        most: threads when nothing else runs; None: what torch has now.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = torch.get_num_threads() if most is None else most
        self._looked = time.monotonic()
        self._others = _used_by_others()

    def adapt(self) -> None:
        """Leave the cores to others that they have been using since the last look."""
        elapsed = time.monotonic() - self._looked
        if elapsed < _LEAST_S:
            return
        others = _used_by_others()
        n_cores = (others - self._others) / elapsed
        self._looked, self._others = self._looked + elapsed, others
        n_free = (os.cpu_count() or 1) - round(n_cores)
        torch.set_num_threads(max(1, min(self._most, n_free)))


def _used_by_others() -> float:
    """Seconds of all cores that went into other processes."""
    of_all, own = psutil.cpu_times(), psutil.Process().cpu_times()
    return sum(getattr(of_all, kind, 0.0) for kind in _BUSY) - own.user - own.system
