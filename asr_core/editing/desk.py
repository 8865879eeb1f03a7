"""A transcript while a person corrects it: as it is now, as it was, and its quotes."""

from __future__ import annotations

from asr_core.editing.quotes import Quote
from asr_core.result import Transcript


class Desk:
    """What lies on the desk of one recording. The page's script threads take turns with it."""

    def __init__(self, transcript: Transcript) -> None:
        self._states = [transcript]
        self._place = 0
        self.quotes: tuple[Quote, ...] = ()
        self.pseudonyms = ""  # the list as typed; it is no part of the transcript

    @property
    def current(self) -> Transcript:
        """The transcript with all corrections."""
        return self._states[self._place]

    @property
    def can_undo(self) -> bool:
        """Whether there was a correction."""
        return self._place > 0

    @property
    def can_redo(self) -> bool:
        """Whether a correction was undone."""
        return self._place < len(self._states) - 1

    def put(self, transcript: Transcript) -> None:
        """A correction; what had been undone is gone."""
        self._states = [*self._states[: self._place + 1], transcript]
        self._place += 1

    def amend(self, transcript: Transcript) -> None:
        """A better version of the transcript as it is now, which is no correction of its own."""
        self._states[self._place] = transcript

    def undo(self) -> None:
        """Back to before the last correction, if there is one."""
        self._place = max(0, self._place - 1)

    def redo(self) -> None:
        """The correction again that was undone last, if there is one."""
        self._place = min(len(self._states) - 1, self._place + 1)
