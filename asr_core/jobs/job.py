"""One recording on its way to a transcript, as the page sees it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from asr_core.audio.clip import PART_HEARD, WHOLE, Clip
from asr_core.jobs.live import LiveSound
from asr_core.pace import Pace, clock
from asr_core.privacy.receipt import Receipt, Snapshot
from asr_core.result import Language, Segment, Transcript
from asr_core.servers import left_for
from asr_core.settings import Settings

Stage = Literal["held", "waiting", "loading", "transcribing", "done", "cancelled", "failed"]
# The recording's bytes, the path of a file that the worker opens itself, or what is being spoken.
Source = memoryview | str | LiveSound
QUIET_S = 5.0  # seconds after which a worker that says nothing is waited for

_NO_TEXT = Language(0.0, 0.0, 0.0, "none")


def stopped(
    name: str,
    position: float,
    segments: tuple[Segment, ...],
    language: Language,
    settings: Settings,
) -> Transcript:
    """The transcript of a run that ended before its recording did."""
    note = f"Stopped at {clock(position)}, before the end of the recording."
    notes = (note, left_for(settings.server.address)) if settings.server else (note,)
    engine, decode = Path(settings.engine).name, settings.decode
    return Transcript(name, position, segments, language, engine, decode, notes)


@dataclass(frozen=True, slots=True)
class Begun:
    """What an earlier run of a recording found before it stopped."""

    segments: tuple[Segment, ...]
    position: float  # seconds of the recording, where the next run goes on


class Job:
    """Any thread may read it at any time; the recognizer alone changes it.

    Attributes:
        id: not guessable, good as a key.
        name: file name without folders.
        settings, clip: how it is recognized, and which part; not to change once it runs.
        begun: what an earlier run found of it, which this one does not hear again.
        transcript: the result; after a cancel or a failure, what there was until then.
        error: a sentence for the user, when the job failed.
        receipt: what was looked for after the run, and found; None while it runs.
        unreadable: it failed since what was given is no recording, or none we can read.
        on_news: called, briefly, whenever text has come and when the job has ended.
    """

    def __init__(
        self,
        source: Source,
        name: str,
        settings: Settings,
        before: Snapshot,
        cancel: Callable[[Job], None],
        clip: Clip = WHOLE,
        begun: Begun | None = None,
    ) -> None:
        self.id = secrets.token_hex(16)
        self.name = name
        self.settings = settings
        self.clip = clip
        self.begun = begun
        self.transcript: Transcript | None = None
        self.error: str | None = None
        self.receipt: Receipt | None = None
        self.unreadable = False
        self.on_news: Callable[[], None] = lambda: None
        self.source: Source | None = source
        self.n_bytes = source.nbytes if isinstance(source, memoryview) else 0
        self.before = before
        self._cancel = cancel
        self._stage: Stage = "waiting"
        self._pace = Pace()
        self._silence = 0.0  # seconds that the worker has said nothing
        self._duration: float | None = None  # as the header says
        self._segments: list[Segment] = [*begun.segments] if begun else []
        self._language = _NO_TEXT
        self._draft = ""
        self._ended = threading.Event()
        self._stop_asked = threading.Event()

    @property
    def stage(self) -> Stage:
        """Where the job is."""
        return self._stage

    @property
    def running(self) -> bool:
        """True until the job is done, cancelled or failed; waiting in line counts as running."""
        return not self._ended.is_set()

    @property
    def fraction(self) -> float:
        """How much of the recording is done, 0..1; 0 while its length is unknown."""
        return 1.0 if self._stage == "done" else self._pace.fraction

    @property
    def position(self) -> float:
        """Seconds of the recording done."""
        return self._pace.position

    @property
    def duration(self) -> float | None:
        """Seconds of the recording, None while unknown; known before it runs, if all goes well."""
        return self._duration

    @property
    def length(self) -> float | None:
        """Seconds of the part that is heard, None while unknown."""
        return self.clip.length(self._duration)

    @property
    def eta(self) -> float | None:
        """Seconds still to go; None while nobody can know."""
        return self._pace.eta if self._stage == "transcribing" else None

    @property
    def to_hear(self) -> Clip:
        """The part that is still to be heard."""
        return self.clip if self.begun is None else Clip(self.begun.position, self.clip.stop)

    @property
    def is_quiet(self) -> bool:
        """True while the worker, which should be at it, says nothing: stopped, or out of breath."""
        return self._silence >= QUIET_S

    @property
    def segments(self) -> tuple[Segment, ...]:
        """What has been recognized so far."""
        return tuple(self._segments)

    @property
    def draft(self) -> str:
        """What is being written behind these; it may still change, and many engines have none."""
        return self._draft

    @property
    def language(self) -> Language:
        """The languages of the text so far."""
        return self.transcript.language if self.transcript else self._language

    @property
    def stop_asked(self) -> bool:
        """True from `cancel` on."""
        return self._stop_asked.is_set()

    def cancel(self) -> None:
        """Stop within about a second; the text is kept. Without effect on an ended job."""
        self._stop_asked.set()
        self._cancel(self)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most `timeout` seconds; True if it has come."""
        return self._ended.wait(timeout)

    # What follows is for the recognizer.

    def enter(self, stage: Stage) -> None:
        """The job goes on to `stage`; the pace counts from each stage's beginning."""
        at = self.begun.position if self.begun else None
        self._pace = Pace(begin=self.clip.start, stop=self.clip.stop, at=at)
        self._pace.duration = self._duration
        self._stage = stage

    def listen(self, silence: float) -> None:
        """The worker has said nothing for so many seconds, 0 when it has just spoken."""
        self._silence = silence

    def learn(self, duration: float | None) -> None:
        """The recording's header was read."""
        self._duration = duration

    def write(self, draft: str) -> None:
        """The worker is writing this, behind the segments so far."""
        self._draft = draft

    def add(
        self,
        position: float,
        duration: float | None,
        segments: tuple[Segment, ...],
        language: Language,
    ) -> None:
        """The worker has come to `position` and recognized `segments` on the way."""
        self._segments.extend(segments)
        self._draft = ""
        self._language = language if self.begun is None else self._shares()
        self._duration = duration
        self._pace.report(position, duration)
        self.on_news()

    def partial(self) -> Transcript:
        """The transcript as far as it got."""
        return stopped(self.name, self.position, self.segments, self._language, self.settings)

    def joined(self, transcript: Transcript) -> Transcript:
        """The transcript of this run together with what an earlier one had found."""
        if self.begun is None:
            return transcript
        notes = [note for note in transcript.notes if not note.startswith(PART_HEARD)]
        if not self.clip.is_whole:
            part = f"{clock(self.clip.start)} to {clock(transcript.duration)}"
            notes.insert(0, f"{PART_HEARD}{part}.")
        return replace(
            transcript, segments=self.segments, language=self._shares(), notes=tuple(notes)
        )

    def _shares(self) -> Language:
        from asr_core.text.language import language_shares

        return language_shares(self._segments)

    def end(
        self,
        stage: Stage,
        transcript: Transcript,
        error: str | None,
        receipt: Receipt | None,
        unreadable: bool = False,
    ) -> None:
        """The job is over."""
        self.source = None
        self.transcript, self.error, self.receipt = transcript, error, receipt
        self.unreadable = unreadable
        self._stage = stage
        self._ended.set()
        self.on_news()
