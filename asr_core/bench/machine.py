"""What a measurement was made on; nothing that names a person or a computer."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from pathlib import Path

import psutil

_PACKAGES = (
    "sottovoce",
    "torch",
    "transformers",
    "onnxruntime",
    "faster-whisper",
    "openai-whisper",
    "ctranslate2",
)


def described() -> dict[str, str]:
    """Processor, memory, system and versions, each by its name."""
    n_cores, n_threads = psutil.cpu_count(logical=False), psutil.cpu_count()
    found = {
        "processor": _processor(),
        "cores": f"{n_cores or 'unknown'}, {n_threads or 'unknown'} of them logical",
        "memory": f"{psutil.virtual_memory().total / 1e9:.1f} GB",
        # Not platform.platform(), which starts a program to learn the processor's name.
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "Python": platform.python_version(),
    }
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def peak_memory() -> int:
    """The most memory this process has held at once, in bytes."""
    if sys.platform == "linux":  # getrusage counts what was before exec, too: the parent's
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) << 10
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
