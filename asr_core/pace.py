"""How far a run is, how long it will still take, and how to say a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

SETTLED_S = 2.0  # before this an estimate jumps too much to be shown


class Pace:
    """Follows one run from `start` on.

    Args:
        begin: seconds of the recording before the part that is heard.
        stop: where that part ends; infinite: with the recording.
        at: where in it this run begins, if an earlier one has come so far.

    Attributes:
        position: seconds of the recording done.
        duration: seconds of the recording, None while unknown.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        begin: float = 0.0,
        stop: float = math.inf,
        at: float | None = None,
    ) -> None:
        self._clock = clock
        self._begin, self._stop = begin, stop
        self._at = self.position = begin if at is None else at
        self.duration: float | None = None
        self._reported = self._started = clock()

    def start(self) -> None:
        """The clock counts from here; what was waited for before is no part of the speed."""
        self._reported = self._started = self._clock()

    def report(self, position: float, duration: float | None) -> None:
        """The run has come to `position`."""
        self.position = max(self.position, position)
        self.duration = duration
        self._reported = self._clock()

    @property
    def length(self) -> float | None:
        """Seconds that are heard in all; None while nobody can know."""
        end = self._stop if self.duration is None else min(self._stop, self.duration)
        return end - self._begin if self._begin < end < math.inf else None

    @property
    def fraction(self) -> float:
        """How much is done, 0..1; 0 while nobody can know."""
        if self.length is None:
            return 0.0
        return min(1.0, (self.position - self._begin) / self.length)

    @property
    def eta(self) -> float | None:
        """Seconds still to go, counted down between reports; None while nobody can know."""
        now, done = self._clock(), self.position - self._at
        if self.length is None or done <= 0.0 or now - self._started < SETTLED_S:
            return None
        elapsed = self._reported - self._started
        remaining = (1.0 - self.fraction) * self.length * elapsed / done
        return max(0.0, remaining - (now - self._reported))


def clock(seconds: float) -> str:
    """A time as people write it: 0:07, 12:40, 1:02:03."""
    minutes, second = divmod(max(0, int(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
