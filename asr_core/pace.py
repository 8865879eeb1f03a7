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

    Attributes:
        position: seconds of the recording done.
        duration: seconds of the recording, None while unknown.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        begin: float = 0.0,
        stop: float = math.inf,
    ) -> None:
        self._clock = clock
        self._begin, self._stop = begin, stop
        self.position = begin
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
    def fraction(self) -> float:
        """How much is done, 0..1; 0 while nobody can know."""
        end = self._stop if self.duration is None else min(self._stop, self.duration)
        if not self._begin < end < math.inf:
            return 0.0
        return min(1.0, (self.position - self._begin) / (end - self._begin))

    @property
    def eta(self) -> float | None:
        """Seconds still to go, counted down between reports; None while nobody can know."""
        now = self._clock()
        if self.fraction <= 0.0 or now - self._started < SETTLED_S:
            return None
        elapsed = self._reported - self._started
        remaining = (1.0 - self.fraction) * elapsed / self.fraction
        return max(0.0, remaining - (now - self._reported))


def clock(seconds: float) -> str:
    """A time as people write it: 0:07, 12:40, 1:02:03."""
    minutes, second = divmod(max(0, int(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
