"""What this process has the kernel refuse it: files, an image of its memory, the network.

| | Linux | macOS | Windows |
|---|---|---|---|
| `forbid_files` | yes | yes | no such limit |
| `hide_memory` | no core dump, no debugger | no core dump | nothing |
| `leave_network` | where the system allows it | nothing | nothing |
| `end_with_parent` | yes | nothing | nothing |
| `bound_memory` | yes | nothing | nothing |
| `forbid_new_privileges` | yes | nothing | nothing |
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def forbid_files() -> None:
    """From now on the kernel refuses every byte this process would write to a file.

    Shared memory included, pipes and sockets not. An attempt is an OSError.
    """
    if sys.platform != "win32":
        # Torch looks for a folder for what it compiles, by writing there, as soon as transformers
        # imports it whole. Nothing is compiled here: it is told of one that nobody writes into.
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.sep)
    _let_write(False)


def allow_files() -> None:
    """Take `forbid_files` back, which a process inherits: for a helper that saves."""
    _let_write(True)


def files_forbidden() -> bool:
    """True when the kernel refuses this process to write to files."""
    if sys.platform == "win32":
        return False
    import resource

    return resource.getrlimit(resource.RLIMIT_FSIZE)[0] == 0


@contextmanager
def last_files() -> Iterator[None]:
    """Files may be written once more, and if they were forbidden before, never again afterwards."""
    forbidden = files_forbidden()
    if forbidden:
        allow_files()  # unless it was the last time already
    try:
        yield
    finally:
        if forbidden:
            _let_write(False, for_good=True)


def _let_write(allowed: bool, for_good: bool = False) -> None:
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    soft = hard if allowed else 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, 0 if for_good else hard))


def hide_memory() -> None:
    """A crash leaves no image of this process's memory; on Linux no other program reads it, either.

    The second part is also what keeps a crash from services such as systemd-coredump, which take
    an image whatever its allowed size. It hides /proc/PID from programs without privileges, ours
    included, and comes after `leave_network`, which writes there.
    """
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _control(_PR_SET_DUMPABLE, 0)


def memory_hidden() -> bool:
    """True when a crash leaves no image of this process's memory."""
    if sys.platform == "win32":
        return False
    import resource

    return resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def bound_memory(n_bytes: int) -> None:
    """Linux: from now on this process gets at most `n_bytes` of memory more than it has.

    Asking for more is then an error of Python's or torch's, instead of the system's running out of
    memory and ending whatever it likes. Called again, the new limit counts from then.
    """
    if sys.platform != "linux":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    most = _data_size() + n_bytes
    resource.setrlimit(
        resource.RLIMIT_DATA,
        (most if hard == resource.RLIM_INFINITY else min(most, hard), hard),
    )


@contextmanager
def memory_unbound() -> Iterator[None]:
    """What this process takes inside, a model say, does not count for `bound_memory`."""
    if sys.platform != "linux":
        yield
        return
    import resource

    bound, hard = resource.getrlimit(resource.RLIMIT_DATA)
    before = _data_size()
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    try:
        yield
    finally:
        if bound != hard:
            bound_memory(max(0, bound - before))


def _data_size() -> int:
    """Linux: the bytes that `bound_memory` counts."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmData:")[2].split()[0]) << 10


def leave_network() -> None:
    """Linux: go into a network of this process's own, which has no way out, not even to loopback.

    Compiled code has to stay in there, too. Works only before the first thread starts, and not
    where the system forbids it: then nothing changes. What of files is reached stays the same.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWNET) == 0:  # the system's administrator may
        return
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return
    # Without these we would be called nobody in there. Some systems forbid them; we can live so.
    for name, line in [
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ]:
        with suppress(OSError):
            Path("/proc/self", name).write_text(line)


def network_left() -> bool:
    """True when this process has no network: no interface but loopback."""
    if sys.platform != "linux":
        return False
    import socket

    with suppress(OSError):
        return {name for _, name in socket.if_nameindex()} <= {"lo"}
    return False


def end_with_parent() -> None:
    """Linux: end when the thread that started this process ends, whatever is being computed."""
    if sys.platform == "linux":
        _control(_PR_SET_PDEATHSIG, signal.SIGKILL)


def forbid_new_privileges() -> None:
    """Linux: no program that this process starts may have more rights than it has."""
    _control(_PR_SET_NO_NEW_PRIVS, 1)


def _control(option: int, value: int) -> None:
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
