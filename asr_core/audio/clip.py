"""A part of a recording, and how people write where it begins and ends."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from asr_core.errors import AsrError
from asr_core.pace import clock

PART_HEARD = "Only a part was heard: "  # begins the note that says which

_TIME = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Clip:
    """The part of a recording that is to be heard, in seconds from its start."""

    start: float = 0.0
    stop: float = math.inf  # infinite: to the end of the recording

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop:
            raise AsrError(
                f"The part from {clock(self.start)} to {clock(self.stop)} holds nothing. "
                "Let it stop after it starts."
            )

    @property
    def is_whole(self) -> bool:
        """True for all of a recording."""
        return self == WHOLE

    def end(self, duration: float | None) -> float | None:
        """Where the part ends in a recording of `duration` seconds; None if nobody can know."""
        if duration is None:
            return self.stop if math.isfinite(self.stop) else None
        return min(self.stop, duration)

    def length(self, duration: float | None) -> float | None:
        """Seconds of the part in a recording of `duration` seconds; None if nobody can know."""
        end = self.end(duration)
        return None if end is None else max(0.0, end - self.start)


WHOLE = Clip()
FIRST_MINUTE = Clip(0.0, 60.0)


def clip_between(start: str, stop: str) -> Clip:
    """The part between two times as people write them; nothing written means the very end of it.

    Raises:
        AsrError: what is written is no time, or the part stops before it starts.
    """
    return Clip(
        seconds(start) if start.strip() else WHOLE.start,
        seconds(stop) if stop.strip() else WHOLE.stop,
    )


def seconds(text: str) -> float:
    """The time that 90, 1:30, 1:02:03 or 0:07.5 stands for.

    Raises:
        AsrError: it is none of these.
    """
    found = _TIME.fullmatch(text.strip().replace("：", ":"))  # a Chinese keyboard's colon
    if found is None or (found[2] is not None and not _is_clock(found)):
        raise AsrError(f"“{text.strip()}” is no time. Write it like 90, 1:30 or 1:02:03.")
    hours, minutes = int(found[1] or 0), int(found[2] or 0)
    return 3600.0 * hours + 60.0 * minutes + float(found[3])


def _is_clock(found: re.Match[str]) -> bool:
    """Whether seconds, and behind hours minutes, stay below sixty; 90:00 is an hour and a half."""
    return float(found[3]) < 60 and (found[1] is None or int(found[2]) < 60)
