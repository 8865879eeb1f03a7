"""Text to stdout, everything else to stderr, and both on one terminal without a mess."""

from __future__ import annotations

import shutil
import sys
import time

from asr_core.errors import AsrError
from asr_core.export.typography import is_wide
from asr_core.pace import Pace, clock

_REDRAWN_S = 0.2  # between two looks of the progress line on a terminal
_YES = ("y", "yes", "是", "好")
_SPARSE_S = 10.0  # between two progress lines in a log


def told(error: BaseException) -> str:
    """An error in words; of those that are not ours only the kind, as their text may hold names."""
    if isinstance(error, AsrError):
        return str(error)
    kind = type(error).__name__
    if isinstance(error, MemoryError) or kind == "OutOfMemoryError":
        return "There is not enough memory. Close other programs and try again."
    return f"Something went wrong that was not foreseen ({kind}). `sottovoce doctor` may know why."


class Console:
    """One for a run of the command."""

    def __init__(self) -> None:
        self._out = sys.stdout
        self._err = sys.stderr
        self._live = self._err.isatty()
        self._shared = self._live and self._out.isatty()  # text and progress meet on one terminal
        self._drawn = 0  # columns of the progress line that is on the terminal
        self._open_line = False  # text without its end of line
        self._last = time.monotonic()

    def text(self, piece: str) -> None:
        """Write text as it comes; on a terminal every piece is a line, so progress has room."""
        if not piece:
            return
        self._wipe()
        if self._shared:
            piece = piece.strip(" ") + ("" if piece.endswith("\n") else "\n")
            piece = piece.replace("\n\n", "\n", 1) if piece.startswith("\n\n") else piece
            if piece == "\n":
                return
        self._open_line = not piece.endswith("\n")  # first: an interrupt may come in between
        self._out.write(piece)
        self._out.flush()

    def end_text(self) -> None:
        """Text that was cut off ends with its line."""
        if self._open_line:
            self.text("\n")

    def say(self, sentence: str) -> None:
        """A line to stderr."""
        self._wipe()
        print(sentence, file=self._err, flush=True)

    def agrees(self, question: str) -> bool:
        """Whether the person says yes; without one, at the end of a pipe, nobody does."""
        self.say(f'{question} Type "yes".')
        return sys.stdin.readline().strip().lower() in _YES

    def progress(self, name: str, pace: Pace) -> None:
        """How far it is: one line redrawn on a terminal, a line now and then elsewhere."""
        line = f"{name}: {clock(pace.position)}"
        if pace.length:
            line = f"{name}: {pace.fraction:.0%} of {clock(pace.length)}"
        if pace.eta is not None:
            line += f", {clock(pace.eta)} left"
        self.status(line)

    def status(self, line: str) -> None:
        """How it is just now, in the same place and as seldom as progress."""
        now = time.monotonic()
        if now - self._last < (_REDRAWN_S if self._live else _SPARSE_S):
            return
        self._last = now
        if not self._live:
            self.say(line)
            return
        self._wipe()
        line = _fitting(line, shutil.get_terminal_size().columns - 1)
        self._err.write(line)
        self._err.flush()
        self._drawn = _columns(line)

    def _wipe(self) -> None:
        """Take the progress line away; with spaces, since old consoles know no escape codes."""
        if self._drawn:
            self._err.write("\r" + " " * self._drawn + "\r")
            self._err.flush()
            self._drawn = 0


def _columns(text: str) -> int:
    return sum(2 if is_wide(character) else 1 for character in text)


def _fitting(line: str, columns: int) -> str:
    """`line` without its beginning where it is too long: the figures are at its end."""
    while _columns(line) > columns:
        line = line[1:]
    return line
