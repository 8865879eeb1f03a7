"""Memory that is free again, back to the system.

The C library keeps what was freed for later. A search frees tensors of ever new sizes, which leave
gaps that nothing fits into: over an hour of sound hundreds of megabytes.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import lru_cache

_ARENA_MAX = -8  # of glibc's malloc.h


def give_back() -> None:
    """Let the system have all free memory; where the C library offers no such call, nothing."""
    _trim()(0)


def use_one_arena() -> None:
    """Let all threads to come share the first one's memory.

    Each would have a region of its own, the last free stretch of which `give_back` cannot reach
    (glibc: malloc_trim takes it from the first region alone).
    """
    if sys.platform == "linux":
        options = getattr(ctypes.CDLL(None), "mallopt", None)
        if options is not None:
            options(_ARENA_MAX, 1)


@lru_cache(maxsize=1)
def _trim() -> Callable[[int], object]:
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl has not
        if trim is not None:
            return trim
    return lambda size: None
