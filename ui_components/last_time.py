"""Whether Sottovoce was closed the last time, or ended in some other way.

While the page is served an empty file lies beside the settings. Its name says which process serves
it and nothing else. The file of a process that is no more shows that it could not take it away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from asr_core.settings import settings_file

_MARK = "served-by-"

_was_cut_off = False


def was_cut_off() -> bool:
    """True when the page that was served before this one was not closed."""
    return _was_cut_off


@contextmanager
def serving() -> Iterator[None]:
    """Look at the marks of those before, and leave one of this process until its end."""
    global _was_cut_off
    folder = settings_file().parent
    own = folder / f"{_MARK}{_identity(psutil.Process())}"
    with suppress(OSError):  # a read-only home only means that nobody will know
        folder.mkdir(parents=True, exist_ok=True)
        for mark in folder.glob(f"{_MARK}*"):
            if not _is_served(mark):
                mark.unlink()
                _was_cut_off = True
        own.touch(0o600)
    try:
        yield
    finally:
        with suppress(OSError):
            own.unlink()


def _is_served(mark: Path) -> bool:
    pid = mark.name.removeprefix(_MARK).partition("-")[0]
    try:
        return mark.name == f"{_MARK}{_identity(psutil.Process(int(pid)))}"
    except (ValueError, psutil.Error):
        return False


def _identity(process: psutil.Process) -> str:
    """Numbers of processes come again; together with the time of their start they do not."""
    return f"{process.pid}-{int(process.create_time())}"
