"""The recordings of all open pages, and the one recognizer that works on them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from asr_core.audio.clip import WHOLE, Clip
from asr_core.errors import AsrError
from asr_core.jobs import Begun, LiveSound, Readiness, Recognizer, kept
from asr_core.journal import delete
from asr_core.preflight import room_for
from asr_core.privacy.offline import Look
from asr_core.privacy.receipt import left_behind
from asr_core.project import Project
from asr_core.settings import Settings
from asr_core.speed import Experience
from ui_components.autosave import Autosave
from ui_components.leftovers import uploaded_bytes
from ui_components.run import Run, Source

AUDIO_WAITS = 20.0  # seconds an unseen recording stays playable, as long as a reload may take
TEXT_WAITS = 1800.0  # seconds a finished transcript waits for its page to be opened again
_OBEYS_S = 2.0  # seconds in which a job that is stopped has ended

IsOpen = Callable[[str], bool]  # whether a page, by its session, is open


class Runs:
    """The runs of all pages of this process. Thread-safe: script threads and the purge share it.

    Attributes:
        autosave: what writes them into encrypted files, once it is turned on.
        left_behind: temporary files of killed processes, as there were at the start.
    """

    def __init__(self) -> None:
        self.left_behind = left_behind()
        self._recognizer = Recognizer(held=uploaded_bytes, experience=Experience())
        self._lock = threading.Lock()
        self._runs: list[Run] = []  # those of each page in the order of its list
        self._shown: dict[str, Run] = {}  # by page
        self.autosave = Autosave(self.all)

    @property
    def readiness(self) -> Readiness:
        """Whether recordings can be transcribed, and if not, why."""
        return self._recognizer.readiness

    def prepare(self, settings: Settings) -> None:
        """Let the worker load its model and be checked before the first recording comes."""
        self._recognizer.prepare(settings)

    def ahead_of(self, run: Run) -> int:
        """How many recordings are before this one in line."""
        return self._recognizer.ahead_of(run.job)

    def look(self) -> Look | None:
        """What the worker found when it tried to get out; None when it does not answer."""
        return self._recognizer.look()

    def remaining(self, run: Run) -> float | None:
        """Seconds of work that a recording still needs; None while nobody can know."""
        return self._recognizer.remaining(run.job)

    def all(self) -> list[Run]:
        """The runs of all pages."""
        with self._lock:
            return list(self._runs)

    def of(self, session_id: str) -> list[Run]:
        """The runs of a page, in the order of its list."""
        with self._lock:
            return [run for run in self._runs if run.session_id == session_id]

    def find(self, session_id: str, is_open: IsOpen) -> Run | None:
        """The run a page shows; a page without any takes over those of one that is gone."""
        with self._lock:
            mine = [run for run in self._runs if run.session_id == session_id]
            if not mine and (orphan := self._orphan(is_open)):
                mine = [run for run in self._runs if run.session_id == orphan]
                if orphan in self._shown:
                    self._shown[session_id] = self._shown.pop(orphan)
                for run in mine:
                    run.has_waited = run.source is None and run.live is None
                    run.session_id, run.unseen_since = session_id, None
            if not mine:
                return None
            for run in mine:
                is_empty = run.job.stage == "failed" and not run.job.segments
                if is_empty and not run.is_spoken:
                    run.let_go()  # what could not be read cannot be played
            if self._shown.get(session_id) not in mine:
                self._shown[session_id] = mine[0]
            return self._shown[session_id]

    def select(self, run: Run) -> None:
        """Its page shows this run from now on."""
        with self._lock:
            self._shown[run.session_id] = run

    def add(
        self,
        source: Source,
        settings: Settings,
        session_id: str,
        clip: Clip = WHOLE,
        hold: bool = False,
        behind: Run | None = None,
        begun: Begun | None = None,
    ) -> Run:
        """Put a recording in line; one that does not fit into memory has failed at once.

        Args:
            hold: let it wait for `release`.
            behind: a run of the same sound, whose next neighbor in the list it becomes.
            begun: what that run found, if this one is to go on from there.
        """
        try:
            if behind is None:
                room_for(source.name, len(source.audio), self._largest_waiting())
            job = self._recognizer.submit(source.audio, source.name, settings, clip, hold, begun)
            run = Run(job, source, session_id)
        except AsrError as error:
            run = Run(self._recognizer.refuse(source.name, settings, str(error)), None, session_id)
        self._list(run, behind)
        return run

    def record(self, sample_rate: int, settings: Settings, session_id: str) -> Run:
        """Begin a recording of a page, to be heard as it is spoken; its page then shows it.

        It goes before all that waits on the page: whoever speaks wants to see it written.
        """
        live, name = LiveSound(sample_rate), f"recording {datetime.now():%H.%M}.wav"
        job = self._recognizer.submit(live, name, settings)
        run = Run(job, None, session_id, live=live, is_spoken=True)
        self._list(run)
        self.move(run, to_front=True)
        self.select(run)
        return run

    def live(self, job_id: str) -> Run | None:
        """The recording that is being made for this job."""
        return next((run for run in self.all() if run.live and run.job.id == job_id), None)

    def finish(self, run: Run) -> None:
        """What was spoken is all, and from now on a recording like any other.

        If its job stopped on the way, the rest of it is transcribed now.
        """
        live = run.live
        if live is None:
            return
        live.end()
        source = Source(run.job.name, live.wav(), "audio/wav")
        with self._lock:
            if run.live is not live:  # it was forgotten meanwhile
                return
            run.source, run.live = source, None
        if run.job.stage == "failed":
            self.go_on(run)

    def go_on(self, run: Run) -> None:
        """Transcribe the rest of a recording whose run stopped early; what it found stays.

        Raises:
            AsrError: its sound was forgotten.
        """
        source, desk = run.sound, run.desk
        assert desk is not None, "only what has ended goes on"
        begun = Begun(desk.current.segments, run.job.position)
        rest = self.add(
            source, run.job.settings, run.session_id, run.job.clip, behind=run, begun=begun
        )
        rest.earlier, rest.is_spoken = desk, run.is_spoken
        self.select(rest)
        self.remove(run)

    def show(self, project: Project, session_id: str, recovered_from: Path | None = None) -> Run:
        """A run that has ended already, which its page then shows.

        Args:
            recovered_from: the journal it comes from; without one it is in a file of the person's.
        """
        run = Run(kept(project.transcript), None, session_id, recovered_from=recovered_from)
        if run.desk is not None:
            run.desk.quotes, run.desk.pseudonyms = project.quotes, project.pseudonyms
            if recovered_from is None:
                run.desk.keep(project.transcript, project.quotes)
        with self._lock:
            self._runs.append(run)
            self._shown[session_id] = run
        self.autosave.wake()
        return run

    def release(self, session_id: str, settings: Settings, clip: Clip) -> None:
        """Those recordings of a page that wait for a click take their places in line."""
        for run in self.of(session_id):
            self._recognizer.release(run.job, settings, clip)

    def move(self, run: Run, to_front: bool) -> None:
        """A recording that waits changes places with the one before it, or with the first."""
        waiting = [r for r in self.of(run.session_id) if r.job.stage in ("held", "waiting")]
        if run not in waiting or run is waiting[0]:
            return
        other = waiting[0 if to_front else waiting.index(run) - 1]
        self._recognizer.move(run.job, other.job)
        with self._lock:
            self._runs.remove(run)
            self._runs.insert(self._runs.index(other), run)

    def forget_server(self, address: str) -> None:
        """Stop what is at that server, and begin nothing there any more."""
        for run in self.all():
            server = run.job.settings.server
            if server is not None and server.address == address:
                if run.job.stage != "held":
                    run.job.cancel()
                    run.job.wait(_OBEYS_S)  # its text says where the sound went
                run.job.settings = run.job.settings.forgetting(address)

    def hear_again(self, run: Run, index: int, language: str) -> None:
        """Let the worker hear a passage again; AsrError if its sound was forgotten."""
        run.hear_again(self._recognizer, index, language)

    def align(self, run: Run, index: int) -> None:
        """Let the worker find out when the words of a corrected passage were said, if it can."""
        run.align(self._recognizer, index)

    def remove(self, run: Run) -> None:
        """Cancel and forget one recording, text included."""
        run.is_discarded = True  # first: whoever misses it in the list should know why
        with self._lock:
            self._runs = [other for other in self._runs if other is not run]
            is_shared = any(other.source is run.source for other in self._runs)
        self.autosave.wake()
        if run.recovered_from is not None:  # the autosave may not have met this run yet
            with suppress(AsrError):  # what cannot be deleted is offered again
                delete(run.recovered_from)
        if run.let_go() and not is_shared:
            self._recognizer.renew()
        run.job.cancel()

    def drop(self, session_id: str) -> None:
        """Cancel and forget all that a page has, texts included."""
        for run in self.of(session_id):
            self.remove(run)

    def cancel_all(self, session_id: str) -> None:
        """Stop what runs on a page and what waits; texts stay as far as they got."""
        for run in reversed(self.of(session_id)):  # so that none begins in between
            self.cancel(run)

    def cancel(self, run: Run) -> None:
        """Stop a run, and the recording if it is still being made; both stay as far as they got."""
        run.job.cancel()
        self.finish(run)

    def forget_audio(self, session_id: str, only: Run | None = None) -> None:
        """Drop the sound of one recording, or of all of a page, here and in the worker.

        Texts stay. The worker ends, and with it all its memory, as soon as no other recording
        needs it.
        """
        forgotten = [run for run in self.of(session_id) if only in (None, run)]
        for run in reversed(forgotten):
            run.job.cancel()
            run.let_go()
        with self._lock:
            others = [run for run in self._runs if run not in forgotten]
        if any(run.job.running for run in others):
            self._recognizer.renew()
        else:
            self._recognizer.forget()
        for run in forgotten:
            if not run.job.running:
                self._recognizer.check(run.job)

    def sweep(self, is_open: IsOpen) -> None:
        """Forget what no page has shown for a while: first the recordings, later the texts.

        The worker ends with them, once what it is at is done.
        """
        now, forgotten = time.monotonic(), False
        with self._lock:
            for run in self._runs:
                if is_open(run.session_id):
                    run.unseen_since = None
                elif run.unseen_since is None:
                    run.unseen_since = now
                elif now - run.unseen_since > AUDIO_WAITS:
                    if run.job.stage == "held":  # nobody is there to start it
                        run.job.cancel()
                    forgotten |= run.let_go()
            self._runs = [
                run
                for run in self._runs
                if run.unseen_since is None
                or run.job.running
                or now - run.unseen_since <= TEXT_WAITS
            ]
            there = [run.session_id for run in self._runs]
            self._shown = {page: run for page, run in self._shown.items() if page in there}
        if forgotten:
            self._recognizer.renew()

    def close(self) -> None:
        """End the worker and forget everything; what was autosaved waits for the next start."""
        self.autosave.close()
        with self._lock:
            self._runs.clear()
            self._shown.clear()
        self._recognizer.close()

    def _list(self, run: Run, behind: Run | None = None) -> None:
        """Into the list of its page, at its end or behind another."""
        run.job.on_news = self.autosave.wake
        with self._lock:
            place = self._runs.index(behind) + 1 if behind in self._runs else len(self._runs)
            self._runs.insert(place, run)

    def _orphan(self, is_open: IsOpen) -> str | None:
        """The page that was closed last, of those that left something."""
        pages = (run.session_id for run in reversed(self._runs))
        return next((page for page in pages if not is_open(page)), None)

    def _largest_waiting(self) -> int:
        """Bytes of the largest recording that is still to go to the worker."""
        with self._lock:
            return max((run.n_bytes for run in self._runs if run.job.running), default=0)
