"""The programs of ours that a process of ours may start, and how each of them begins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

_ROOT = Path(__file__).resolve().parents[1]  # the folder asr_core lies in

_FETCHES = "asr_core.store.program"  # may be let out to hosts it is told
_WORKER = "asr_core.jobs.worker"  # may be let out to one host and port, of a server that is chosen
_MODULES = (
    _FETCHES,
    _WORKER,
    "asr_core.bench.cell",
    "asr_core.sandbox.program",
    "asr_core.saving",
    "asr_core.scribe",
    "ui_components.browser",
)

# A child must not depend on the folder it is started in nor on PYTHON* variables (-I), so it is
# told where its parent found its modules. The guard stands before anything else is imported.
_PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv[3])
from asr_core.privacy import guard
guard.stand(json.loads(sys.argv[2]))
from importlib import import_module
import_module(sys.argv[1]).main(*sys.argv[4:])
"""


def command(module: str, *arguments: str, hosts: Sequence[str] = ()) -> list[str]:
    """How to start `module`'s `main(*arguments)` in a process of its own.

    Args:
        hosts: on the network, that it may reach; only two programs of ours may have any.
    """
    if not _may_have(module, hosts):
        raise ValueError(f"{module} stays off the network")
    paths = list(dict.fromkeys([*(path for path in sys.path if path), str(_ROOT)]))
    return [*_line(module, hosts), json.dumps(paths), *arguments]


def take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for the child alone: what a library prints or reads is nowhere."""
    inbound, outbound = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return inbound, outbound


def is_ours(line: Sequence[str] | str) -> bool:
    """True for a line of `command`; on Windows it is one string."""
    if isinstance(line, str):
        heads = [
            _line(name, ())[: -1 if name in (_FETCHES, _WORKER) else None] for name in _MODULES
        ]
        return any(line.startswith(subprocess.list2cmdline(head)) for head in heads)
    given = list(line[: len(_line("", ()))])
    try:
        module, hosts = given[-2], json.loads(given[-1])
        return module in _MODULES and _may_have(module, hosts) and given == _line(module, hosts)
    except (IndexError, TypeError, ValueError):
        return False


def _may_have(module: str, hosts: Sequence[str]) -> bool:
    """Whether a program of ours may be let out to these."""
    if module == _WORKER:
        return len(hosts) == 0 or (len(hosts) == 1 and ":" in hosts[0])
    return not hosts or module == _FETCHES


def _line(module: str, hosts: Sequence[str]) -> list[str]:
    return [sys.executable, "-I", "-B", "-c", _PROGRAM, module, json.dumps(list(hosts))]
