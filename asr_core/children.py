"""The programs of ours that a process of ours may start, and how each of them begins."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]  # the folder asr_core lies in

_MODULES = (
    "asr_core.jobs.worker",
    "asr_core.sandbox.program",
    "asr_core.saving",
    "asr_core.scribe",
    "ui_components.browser",
)

# A child must not depend on the folder it is started in nor on PYTHON* variables (-I), so it is
# told where its parent found its modules. The guard stands before anything else is imported.
_PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv[2])
from asr_core.privacy import guard
guard.stand()
from importlib import import_module
import_module(sys.argv[1]).main(*sys.argv[3:])
"""


def command(module: str, *arguments: str) -> list[str]:
    """How to start `module`'s `main(*arguments)` in a process of its own."""
    paths = list(dict.fromkeys([*(path for path in sys.path if path), str(_ROOT)]))
    return [*_head(module), json.dumps(paths), *arguments]


def is_ours(line: Sequence[str] | str) -> bool:
    """True for a line of `command`; on Windows it is one string."""
    if isinstance(line, str):
        return any(line.startswith(subprocess.list2cmdline(_head(name))) for name in _MODULES)
    return any(list(line[: len(_head(name))]) == _head(name) for name in _MODULES)


def _head(module: str) -> list[str]:
    return [sys.executable, "-I", "-B", "-c", _PROGRAM, module]
