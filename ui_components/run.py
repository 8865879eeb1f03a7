"""One recording on the page: its job, its sound as long as it is kept, its corrected text."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from asr_core.audio.clip import Clip
from asr_core.editing.desk import Desk
from asr_core.editing.heard_again import MARGIN, with_passage, with_times
from asr_core.errors import AsrError
from asr_core.jobs import Job, LiveSound, Recognizer
from asr_core.project import Project
from asr_core.result import Segment, Transcript
from asr_core.text.tidy import TidyCopy
from ui_components.phrases import phrase

_LEAST_REST = 0.5  # seconds worth going on for


@dataclass(frozen=True, slots=True)
class Source:
    """A recording as it came from the page, held in memory only."""

    name: str
    audio: bytes
    mime: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the worker was asked about a passage."""

    passage: Segment  # as it was then
    answer: Future[Any]  # Transcript of the passage; or Segment | None with its times
    is_silent: bool  # nobody waits for it, and nobody misses it


@dataclass
class Run:
    """One recording: its job and, until it is forgotten, the bytes that the player plays."""

    job: Job
    source: Source | None
    session_id: str  # the page that shows it
    unseen_since: float | None = None  # time.monotonic() when no page showed it any more
    questions: list[Question] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # sentences, to be shown once
    shown: TidyCopy = field(default_factory=TidyCopy)  # the text as it is written on the page
    has_waited: bool = False  # for its page to be opened again, longer than its sound was kept
    earlier: Desk | None = None  # of the run that this one goes on with
    recovered_from: Path | None = None  # the journal it comes from
    is_discarded: bool = False  # the person does not want it any more
    live: LiveSound | None = None  # what is being spoken; when that is over, it becomes `source`
    is_spoken: bool = False  # into the microphone: nobody else has its sound
    _desk: Desk | None = None

    @property
    def desk(self) -> Desk | None:
        """Where a person works on the transcript; None before the job has ended."""
        if self._desk is None and self.job.transcript is not None:
            self._desk = Desk(self.job.transcript)
            if self.earlier is not None:
                self._desk.quotes = self.earlier.quotes
                self._desk.pseudonyms = self.earlier.pseudonyms
        return self._desk

    @property
    def project(self) -> Project:
        """What there is to be kept of it, as far as it has come; any thread may ask."""
        if self._desk is not None:
            return Project(self._desk.current, self._desk.quotes)
        return Project(self.job.transcript or self.job.partial())

    @property
    def is_kept(self) -> bool:
        """Whether the person has all of it in a project file of their own; any thread may ask."""
        return self._desk is not None and self._desk.is_kept

    @property
    def n_bytes(self) -> int:
        """Bytes of the recording in memory."""
        if self.live is not None:
            return self.live.n_bytes
        return len(self.source.audio) if self.source is not None else 0

    @property
    def asked(self) -> list[Segment]:
        """Passages that are being heard again, for a person who waits."""
        return [question.passage for question in self.questions if not question.is_silent]

    @property
    def sound(self) -> Source:
        """The recording.

        Raises:
            AsrError: it was forgotten.
        """
        if self.source is None:
            raise AsrError(phrase("again_forgotten"))
        return self.source

    def hear_again(self, recognizer: Recognizer, index: int, language: str) -> None:
        """Let the worker hear a passage again, in this language.

        Raises:
            AsrError: the recording was forgotten.
        """
        source, passage = self.sound, self._passage(index)
        settings = replace(self.job.settings, language=language)
        answer = recognizer.hear_again(source.audio, source.name, settings, _around(passage))
        self.questions.append(Question(passage, answer, is_silent=False))

    def align(self, recognizer: Recognizer, index: int) -> None:
        """Let the worker find out when the words of a corrected passage were said, if it can."""
        if self.source is None:
            return
        passage, source = self._passage(index), self.source
        settings, clip = self.job.settings, _around(passage)
        answer = recognizer.align(
            source.audio, source.name, settings, clip, passage.text, passage.language
        )
        self.questions.append(Question(passage, answer, is_silent=True))

    def settle(self) -> None:
        """Put the answers that have come in their place; only the page's script calls this."""
        for question in [question for question in self.questions if question.answer.done()]:
            self.questions.remove(question)
            if not question.answer.cancelled():
                self._take(question)

    @property
    def rest(self) -> float | None:
        """Where it can go on, in seconds; None where there is nothing to go on with."""
        job = self.job
        if job.stage not in ("cancelled", "failed") or self.source is None:
            return None
        if not job.position and not self.is_spoken:
            return None
        end = job.clip.end(job.duration)
        return job.position if end is None or job.position < end - _LEAST_REST else None

    def let_go(self) -> bool:
        """Drop the sound; what was asked about it will not be answered. True if there was any."""
        had_sound = self.source is not None or self.live is not None
        if self.live is not None:
            self.live.drop()
            self.live = None
        for question in self.questions:
            question.answer.cancel()
        self.questions = []
        self.source = None
        return had_sound

    def _passage(self, index: int) -> Segment:
        assert self.desk is not None, "only what has ended is worked on"
        return self.desk.current.segments[index]

    def _take(self, question: Question) -> None:
        error, desk = question.answer.exception(), self.desk
        if error is not None or desk is None:
            if not question.is_silent:
                self.problems.append(str(error))
            return
        heard: Transcript | Segment | None = question.answer.result()
        if isinstance(heard, Segment):
            better = with_times(desk.current, question.passage, heard)
            if better is not None:
                desk.amend(better)
        elif isinstance(heard, Transcript):
            changed = with_passage(desk.current, question.passage, heard.segments)
            if changed is not None:
                desk.put(changed)
            else:
                self.problems.append(phrase("again_nothing"))


def _around(passage: Segment) -> Clip:
    return Clip(max(0.0, passage.start - MARGIN), passage.end + MARGIN)
