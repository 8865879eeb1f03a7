"""The desk that hands recordings out to the workers of a cluster, on the computer they lie on."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asr_core.batch.inputs import Input, unreadable

ATTEMPTS = "attempts.jsonl"
MOST_ATTEMPTS = 2


class Attempts:
    """How often each recording was begun, counted on the disk: a crash must not forget it.

    The file is there while a run goes on, and after one that was killed. A run that comes to its
    end takes it away, so the next run tries again what was left out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counts: Counter[tuple[str, str]] = Counter()
        if path.is_file():
            for line in path.read_text(encoding="ascii", errors="replace").splitlines():
                try:
                    name, sha256 = json.loads(line)
                except (ValueError, TypeError):  # cut off, when the computer went down
                    continue
                self._counts[name, sha256] += 1

    def begin(self, name: str, sha256: str) -> bool:
        """Count one more attempt at it; False, and not counted, if it has had all it gets.

        Raises:
            OSError: the count cannot be written.
        """
        if self._counts[name, sha256] >= MOST_ATTEMPTS:
            return False
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        with open(os.open(self._path, flags, 0o600), "a", encoding="ascii") as file:
            file.write("\n" + json.dumps([name, sha256]))  # a line that was cut off stays alone
            file.flush()
            os.fsync(file.fileno())
        self._counts[name, sha256] += 1
        return True


@dataclass(frozen=True, slots=True)
class Handed:
    """A recording as a worker gets it.

    Attributes:
        data: its bytes; None where there is nothing to do.
        error: why not, if that is no good news.
    """

    name: str
    sha256: str = ""
    data: bytes | None = None
    error: str | None = None


class Desk:
    """Reads each recording when a worker asks for it, so that only what is heard is in memory.

    Several workers may ask at once.

    Args:
        finished: SHA-256 of each recording an earlier run has finished, empty for the others.
        out: the folder of the transcripts, where the attempts are counted.
    """

    def __init__(self, inputs: Sequence[Input], finished: Sequence[str], out: Path) -> None:
        self._inputs, self._finished = inputs, finished
        self._attempts = Attempts(out / ATTEMPTS)
        self._lock = threading.Lock()

    def take(self, number: int) -> Handed:
        """The recording of that number, unless it is finished, unreadable or has had its chances.

        Raises:
            OSError: the attempt cannot be counted.
        """
        one = self._inputs[number]
        try:
            data = one.path.read_bytes()
        except OSError as error:
            return Handed(one.name, error=unreadable(one.name, error))
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 == self._finished[number]:
            return Handed(one.name, sha256)
        with self._lock:
            may_begin = self._attempts.begin(one.name, sha256)
        if not may_begin:
            refusal = (
                f"{one.name!r} was left out: {MOST_ATTEMPTS} workers ended while they heard it. "
                "Transcribe it by itself, on a computer with more memory."
            )
            return Handed(one.name, sha256, error=refusal)
        return Handed(one.name, sha256, data)
