"""What outlives a rerun: the recordings of all open pages and the one recognizer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from asr_core.editing.desk import Desk
from asr_core.errors import AsrError
from asr_core.jobs import Job, Recognizer
from asr_core.privacy.offline import Look
from asr_core.settings import Settings
from ui_components.leftovers import uploaded_bytes

AUDIO_WAITS = 120.0  # seconds an unseen recording stays playable, as long as a reload may take
TEXT_WAITS = 1800.0  # seconds a finished transcript waits for its page to be opened again


@dataclass(frozen=True, slots=True)
class Source:
    """A recording as it came from the page, held in memory only."""

    name: str
    audio: bytes
    mime: str


@dataclass
class Run:
    """One recording: its job and, until it is forgotten, the bytes that the player plays."""

    job: Job
    source: Source | None
    session_id: str  # the page that shows it
    unseen_since: float | None = None  # time.monotonic() when no page showed it any more
    _desk: Desk | None = None

    @property
    def desk(self) -> Desk | None:
        """Where a person works on the transcript; None before the job has ended."""
        if self._desk is None and self.job.transcript is not None:
            self._desk = Desk(self.job.transcript)
        return self._desk


class Runs:
    """The runs of all pages of this process. Thread-safe: script threads and the purge share it."""

    def __init__(self) -> None:
        self._recognizer = Recognizer(held=uploaded_bytes)
        self._lock = threading.Lock()
        self._runs: list[Run] = []

    def prepare(self, settings: Settings) -> None:
        """Let the worker load its model before the first recording comes."""
        self._recognizer.prepare(settings)

    def ahead_of(self, run: Run) -> int:
        """How many recordings are before this one in line."""
        return self._recognizer.ahead_of(run.job)

    def look(self) -> Look | None:
        """What the worker found when it tried to get out; None when it does not answer."""
        return self._recognizer.look()

    def start(self, source: Source, settings: Settings, session_id: str) -> Run:
        """Hand a recording to the worker; it replaces what this page showed before."""
        self.drop(session_id)
        run = Run(self._recognizer.submit(source.audio, source.name, settings), source, session_id)
        with self._lock:
            self._runs.append(run)
        return run

    def find(self, session_id: str, is_open: Callable[[str], bool]) -> Run | None:
        """This page's run, or one whose page is gone, which then becomes this page's."""
        with self._lock:
            for run in self._runs:
                if run.session_id == session_id:
                    return run
            for run in reversed(self._runs):
                if not is_open(run.session_id):
                    run.session_id, run.unseen_since = session_id, None
                    return run
        return None

    def forget_audio(self, session_id: str) -> None:
        """Drop the bytes of this page's recording here and in the worker; the text stays."""
        with self._lock:
            for run in self._runs:
                if run.session_id == session_id:
                    run.source = None
            forgotten = [run.job for run in self._runs if run.session_id == session_id]
            busy = any(run.job.running for run in self._runs)
        if not busy:  # the worker is needed no more: its memory goes, too
            self._recognizer.forget()
        for job in forgotten:
            self._recognizer.check(job)

    def drop(self, session_id: str) -> None:
        """Cancel and forget what this page showed, text included."""
        with self._lock:
            dropped = [run for run in self._runs if run.session_id == session_id]
            self._runs = [run for run in self._runs if run.session_id != session_id]
        for run in dropped:
            run.job.cancel()

    def sweep(self, is_open: Callable[[str], bool]) -> None:
        """Forget what no page has shown for a while: first the recordings, later the texts."""
        now = time.monotonic()
        with self._lock:
            for run in self._runs:
                if is_open(run.session_id):
                    run.unseen_since = None
                elif run.unseen_since is None:
                    run.unseen_since = now
                elif now - run.unseen_since > AUDIO_WAITS and not run.job.running:
                    run.source = None
            self._runs = [
                run
                for run in self._runs
                if run.unseen_since is None
                or run.job.running
                or now - run.unseen_since <= TEXT_WAITS
            ]

    def close(self) -> None:
        """End the worker and forget everything."""
        with self._lock:
            self._runs.clear()
        self._recognizer.close()


@st.cache_resource(show_spinner=False)
def runs() -> Runs:
    """The one place for running jobs: a reload of the page finds its job here again."""
    kept = Runs()
    kept.prepare(Settings.load())
    return kept


def session_id() -> str:
    """The name Streamlit gives this open page."""
    context = get_script_run_ctx()
    assert context is not None, "only the page's script has a session"
    return context.session_id


def current_run() -> Run | None:
    """The run this page shows, None when it is idle."""
    return runs().find(session_id(), get_instance().is_active_session)


def saved_settings() -> Settings:
    """What was chosen last time, on this page or on another day."""
    return st.session_state.setdefault("settings", Settings.load())


def remember(**changes: Any) -> None:
    """Keep these choices for the next recording, and for the next time."""
    _keep(replace(saved_settings(), **changes))


def _keep(settings: Settings) -> None:
    st.session_state.settings = settings
    with suppress(AsrError):  # a read-only home only means that they are not remembered
        settings.save()


def start(source: Source, settings: Settings) -> None:
    """Begin to transcribe `source` on this page, and remember the choices for the next time."""
    st.session_state.round = round_number() + 1
    _keep(settings)
    runs().start(source, settings, session_id())


def round_number() -> int:
    """How many recordings this page has had; a new number gives fresh, empty upload widgets."""
    return st.session_state.setdefault("round", 0)


def forget_audio() -> None:
    """Drop the recording this page could play; its text stays."""
    runs().forget_audio(session_id())


def new_recording() -> None:
    """Back to the idle page; text and audio of the last run are dropped."""
    runs().drop(session_id())
