"""What a process that reads strangers' bytes gives up before it sees the first of them."""

from __future__ import annotations

import os
import sys

from asr_core import limits

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

    most = {
        resource.RLIMIT_DATA: MEMORY,
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 0,
    }
    for limit, value in most.items():
        try:
            resource.setrlimit(limit, (value, value))
        except (OSError, ValueError):
            if sys.platform == "linux":  # a promise; elsewhere it is an attempt
                raise
    limits.hide_memory()
    limits.forbid_new_privileges()
