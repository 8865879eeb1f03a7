"""A name and a sentence that may be nowhere but on the page, and the search for them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from asr_core.engines import Recognized
from asr_core.result import Segment

NAME = "zq7f3a-heron.wav"
SENTENCE = "The grey kestrel lands at zq9k1b, 苍鹭九点到码头。"

_WORDS = ("zq7f3a", "zq9k1b", "苍鹭九点")
_NEEDLES = [
    needle
    for word in _WORDS
    for needle in (word.encode(), word.encode("utf-16-le"), json.dumps(word)[1:-1].encode())
]
_PROCESS = ("cmdline", "environ", "comm", "status")


class CanaryEngine:
    """Says the sentence; two windows make it fail as Python does, three as C does."""

    name = "canary"

    def recognize(self, windows, settings):
        n_windows = 0
        for window in windows:
            n_windows += 1
            segment = Segment(window.start, window.end, "en", SENTENCE, 0.5)
            yield Recognized(window.end, (segment,))
        if n_windows == 2:
            raise TypeError(SENTENCE)
        if n_windows == 3:
            os.kill(os.getpid(), 11)

    def decode(self, settings):
        return settings.decode

    def stats(self):
        return {"device": "cpu"}


def load(settings):
    """The engine."""
    return CanaryEngine()


def holds(content: bytes | str) -> bool:
    """True when a canary is in there, in any usual encoding."""
    content = content.encode(errors="surrogateescape") if isinstance(content, str) else content
    return any(needle in content for needle in _NEEDLES)


def in_processes() -> list[str]:
    """What of /proc names a canary: arguments, environment, names of processes and threads."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and process.name != str(os.getpid()):
            files = [process / name for name in _PROCESS] + [*_threads(process)]
            found += [str(file) for file in files if holds(_content(file))]
    return found


def in_folders(folders: Iterable[Path]) -> list[str]:
    """Files and folders below `folders` whose name or content holds a canary."""
    paths = (path for folder in folders for path in folder.rglob("*"))
    return [str(path) for path in paths if holds(str(path)) or holds(_content(path))]


def _threads(process: Path) -> Iterator[Path]:
    with suppress(OSError):
        for task in (process / "task").iterdir():
            yield task / "comm"


def _content(path: Path) -> bytes:
    with suppress(OSError):
        if path.is_file():
            return path.read_bytes()
    return b""
