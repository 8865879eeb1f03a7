"""Subtitles in the two common formats, SubRip (SRT) and WebVTT."""

from __future__ import annotations

import re

from asr_core.export.cues import Cue, Cutter
from asr_core.result import Segment, Transcript

_LOOKS_LIKE_TAG = re.compile(r"<(?=[A-Za-z/])")
_WORD_JOINER = "\u2060"  # takes no room and cannot be seen


class SrtStream:
    """Writes SubRip as segments come; the pieces joined are the whole file."""

    def __init__(self) -> None:
        self._cutter = Cutter()
        self._number = 0

    def add(self, segment: Segment) -> str:
        """The cues of `segment`."""
        return "".join(self._written(cue) for cue in self._cutter.cut(segment))

    def end(self, transcript: Transcript) -> str:
        """SubRip has nothing at its end."""
        return ""

    def _written(self, cue: Cue) -> str:
        self._number += 1
        times = f"{_time(cue.start_ms, ',')} --> {_time(cue.end_ms, ',')}"
        lines = "\n".join(_safe_in_srt(line) for line in cue.lines)
        return f"{self._number}\n{times}\n{lines}\n\n"


class VttStream:
    """Writes WebVTT as segments come; the pieces joined are the whole file."""

    def __init__(self) -> None:
        self._cutter = Cutter()
        self._begun = False

    def add(self, segment: Segment) -> str:
        """The cues of `segment`, before the first the file's head."""
        return self._head() + "".join(self._written(cue) for cue in self._cutter.cut(segment))

    def end(self, transcript: Transcript) -> str:
        """A file without a cue still needs its head."""
        return self._head()

    def _head(self) -> str:
        head = "" if self._begun else "WEBVTT\n\n"
        self._begun = True
        return head

    def _written(self, cue: Cue) -> str:
        times = f"{_time(cue.start_ms, '.')} --> {_time(cue.end_ms, '.')}"
        lines = "\n".join(_safe_in_vtt(line) for line in cue.lines)
        return f"{times}\n{lines}\n\n"


def _time(milliseconds: int, point: str) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"


def _safe_in_vtt(line: str) -> str:
    """WebVTT has escapes; with ">" escaped no line can be taken for a time."""
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _safe_in_srt(line: str) -> str:
    """SubRip has no escapes: an arrow becomes one sign, and what looks like a tag is parted."""
    return _LOOKS_LIKE_TAG.sub("<" + _WORD_JOINER, line.replace("-->", "→"))
