"""What a process that reads strangers' bytes gives up before it sees the first of them."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

MEMORY = 1 << 30  # bytes; decoding needs some 60 MB
CPU_S = 2 * 3600  # seconds of work after which the kernel ends it: ten hours of sound need minutes


def confine() -> None:
    """From here on the kernel refuses this process memory beyond `MEMORY` and any new file.

    Any at all: with no descriptor left to give, neither Python nor compiled code can open a file to
    read or write, make a socket, or a pipe. What is open stays usable. Whatever will be needed must
    have been imported. Linux enforces all of it; macOS takes no notice of the limit on memory;
    Windows has none of this, there only the process's being another one protects.
    """
    if os.name == "nt":
        return
    import resource

    limits = {
        resource.RLIMIT_DATA: MEMORY,
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 0,
    }
    for limit, value in limits.items():
        try:
            resource.setrlimit(limit, (value, value))
        except (OSError, ValueError):
            if sys.platform == "linux":  # a promise; elsewhere it is an attempt
                raise
    _control(_SET_DUMPABLE, 0)  # other programs of this user cannot look into its memory
    _control(_SET_NO_NEW_PRIVILEGES, 1)


def end_with_parent() -> None:
    """Linux: end when the thread that started this process ends, whatever is being computed."""
    _control(_SET_DEATH_SIGNAL, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)


_SET_DEATH_SIGNAL, _SET_DUMPABLE, _SET_NO_NEW_PRIVILEGES = 1, 4, 38


def _control(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
