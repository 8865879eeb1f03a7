"""No way out: what a process gives up before it sees a recording."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DISABLE_SAFETENSORS_CONVERSION": "1",
    "DO_NOT_TRACK": "1",
    # From 1.29 on onnxruntime reports to its maker unless told not to before it is imported: from
    # compiled code, unseen by `refuse_network`, with a device number and a database on the disk.
    "ORT_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def offline_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without proxies and PYTHON* variables, the libraries told to stay offline."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.lower().endswith("_proxy") and not name.upper().startswith("PYTHON")
    }
    return kept | _OFFLINE


def refuse_network() -> None:
    """From here on this process reaches no other computer through Python's sockets; for good.

    A hook cannot be taken out again, so only a program's entry point calls this. It does not see
    sockets opened by compiled code: the decoder's are shut by its own list of allowed protocols.
    """
    sys.addaudithook(_refuse_strangers)


def _refuse_strangers(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # others are local by nature
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not _is_this_computer(host):
        raise PermissionError("Sottovoce keeps the network closed.")


def _is_this_computer(host: object) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name is None or name == "localhost":
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False


@contextmanager
def no_file_written() -> Iterator[None]:
    """While this lasts the kernel refuses every byte this process would write to a file.

    Shared memory included, pipes not. Windows has no such limit; there the code alone sees to it.
    """
    if os.name == "nt":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def no_core_dump() -> None:
    """A crash leaves no image of this process's memory on the disk."""
    if os.name == "nt":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
