"""A transcript while a person corrects it: as it is now, as it was, and its quotes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from asr_core.editing.corrections import with_passages
from asr_core.editing.quotes import Quote
from asr_core.result import Segment, Transcript


class Desk:
    """What lies on the desk of one recording. The page's script threads take turns with it.

    Any other thread may read `current`, `quotes` and `is_kept` at any time.

    Attributes:
        shown: the transcript as the page last showed it, which may be tidier than `current`; its
            passages are those of `current`. A correction changes it, too, so that the next
            correction finds what the person sees even before the page is drawn again.
        applied: number of the last event that was applied from each editor in a browser.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._history = [transcript], 0  # all states, and the place of the one that holds
        self._kept: tuple[Transcript, tuple[Quote, ...]] | None = None
        self.quotes: tuple[Quote, ...] = ()
        self.pseudonyms = ""  # the list as typed; it is no part of the transcript
        self.shown = transcript
        self.applied: dict[str, int] = {}

    @property
    def current(self) -> Transcript:
        """The transcript with all corrections."""
        states, place = self._history
        return states[place]

    @property
    def can_undo(self) -> bool:
        """Whether there was a correction."""
        return self._history[1] > 0

    @property
    def can_redo(self) -> bool:
        """Whether a correction was undone."""
        states, place = self._history
        return place < len(states) - 1

    @property
    def is_kept(self) -> bool:
        """Whether transcript and quotes are those that `keep` was told last."""
        return self._kept == (self.current, self.quotes)

    def keep(self, transcript: Transcript, quotes: tuple[Quote, ...]) -> None:
        """The person has these in a file of their own."""
        self._kept = transcript, quotes

    def put(self, transcript: Transcript) -> None:
        """A correction; what had been undone is gone."""
        states, place = self._history
        self._go([*states[: place + 1], transcript], place + 1)

    def change(self, passages: Mapping[int, Segment]) -> None:
        """A correction of these passages, one step to undo; without any it is none."""
        if passages:
            self.put(with_passages(self.current, passages))

    def amend(self, transcript: Transcript) -> None:
        """A better version of the transcript as it is now, which is no correction of its own."""
        states, place = self._history
        self._go([*states[:place], transcript, *states[place + 1 :]], place)

    def undo(self) -> None:
        """Back to before the last correction, if there is one."""
        states, place = self._history
        self._go(states, max(0, place - 1))

    def redo(self) -> None:
        """The correction again that was undone last, if there is one."""
        states, place = self._history
        self._go(states, min(len(states) - 1, place + 1))

    def _go(self, states: list[Transcript], place: int) -> None:
        before, self._history = self.current, (states, place)
        self._show(before, self.current)

    def _show(self, before: Transcript, after: Transcript) -> None:
        if not len(before.segments) == len(after.segments) == len(self.shown.segments):
            self.shown = after
            return
        shown = zip(self.shown.segments, before.segments, after.segments, strict=True)
        self.shown = replace(self.shown, segments=tuple(_as_shown(*three) for three in shown))


def _as_shown(shown: Segment, before: Segment, after: Segment) -> Segment:
    """A passage as the page shows it, once it has changed from `before` to `after`."""
    if after is before:
        return shown
    if after == replace(before, speaker=after.speaker):
        return replace(shown, speaker=after.speaker)
    return after
