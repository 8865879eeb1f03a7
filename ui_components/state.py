"""What outlives a rerun of the page: its recordings, and what was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from asr_core.audio.clip import WHOLE, Clip
from asr_core.errors import AsrError
from asr_core.project import Project
from asr_core.settings import Settings
from ui_components.run import Run, Source
from ui_components.runs import Runs


@st.cache_resource(show_spinner=False)
def runs() -> Runs:
    """The one place for running jobs: a reload of the page finds its jobs here again."""
    return Runs()


def session_id() -> str:
    """The name Streamlit gives this open page."""
    context = get_script_run_ctx()
    assert context is not None, "only the page's script has a session"
    return context.session_id


def current_run() -> Run | None:
    """The run this page shows, with what was heard again put in its place; None when idle."""
    run = runs().find(session_id(), get_instance().is_active_session)
    if run is not None:
        run.settle()
    return run


def runs_here() -> list[Run]:
    """All runs of this page, in the order of its list."""
    return runs().of(session_id())


def select(run: Run) -> None:
    """Show this run of the page's list."""
    runs().select(run)


def saved_settings() -> Settings:
    """What was chosen last time, on this page or on another day."""
    return st.session_state.setdefault("settings", Settings.load())


def remember(settings: Settings) -> None:
    """Keep the choices for the next time."""
    st.session_state.settings = settings
    with suppress(AsrError):  # a read-only home only means that they are not remembered
        settings.save()


def choose(settings: Settings, clip: Clip) -> None:
    """What recordings that are started from now on are to be transcribed with.

    The settings are remembered for the next time; the part is not. Another model, or another
    precision of it, is loaded at once.
    """
    st.session_state.clip = clip
    saved = saved_settings()
    if settings != saved:
        remember(settings)
    if settings.loaded != saved.loaded:
        runs().prepare(settings)


def start(sources: Sequence[Source], settings: Settings, clip: Clip = WHOLE) -> None:
    """Put recordings in line on this page, or in its list if they are not to start at once."""
    st.session_state.round = round_number() + 1
    choose(settings, clip)
    for source in sources:
        runs().add(source, settings, session_id(), clip, hold=not settings.start_at_once)


def start_held() -> None:
    """Start what waits in this page's list for that."""
    runs().release(session_id(), saved_settings(), st.session_state.get("clip", WHOLE))


def transcribe_all(run: Run) -> None:
    """Transcribe the whole of a recording of which only a part was heard, and show that.

    The part's text goes, unless somebody worked on it.

    Raises:
        AsrError: its sound was forgotten.
    """
    source = run.sound
    whole = runs().add(source, run.job.settings, run.session_id, behind=run)
    runs().select(whole)
    if run.desk is None or not (run.desk.can_undo or run.desk.can_redo or run.desk.quotes):
        runs().remove(run)


def go_on(run: Run) -> None:
    """Transcribe the rest of a recording whose run stopped early; what it found stays.

    Raises:
        AsrError: its sound was forgotten.
    """
    runs().go_on(run)


def record(sample_rate: int) -> None:
    """Begin a recording on this page, unless there is one: the browser may say it twice."""
    if recording() is None:
        runs().record(sample_rate, saved_settings(), session_id())


def recording() -> Run | None:
    """The recording that is being made on this page."""
    return next((run for run in runs_here() if run.live is not None), None)


def rerun_passage(run: Run, index: int, language: str) -> None:
    """Hear passage `index` of `run` again in `language`; the result takes its place when it comes.

    Raises:
        AsrError: its sound was forgotten.
    """
    runs().hear_again(run, index, language)


def realign(run: Run, index: int) -> None:
    """Find out when the words of passage `index`, which was corrected, were said; says nothing."""
    runs().align(run, index)


def show(project: Project) -> None:
    """Show a transcript that was kept, as if its run had just ended."""
    st.session_state.round = round_number() + 1
    runs().show(project, session_id())


def round_number() -> int:
    """How many times this page was given something; a new number gives fresh upload widgets."""
    return st.session_state.setdefault("round", 0)


def cancel_all() -> None:
    """Stop everything on this page; texts stay as far as they got."""
    runs().cancel_all(session_id())


def forget_audio() -> None:
    """Drop the recording this page could play; its text stays."""
    run = current_run()
    if run is not None:
        runs().forget_audio(session_id(), only=run)


def forget_all_audio() -> None:
    """Stop everything on this page and drop all its recordings; texts stay."""
    runs().forget_audio(session_id())


def remove(run: Run) -> None:
    """Cancel and forget one recording of this page, text included."""
    runs().remove(run)


def new_recording() -> None:
    """Back to the idle page; texts and recordings of this page are dropped."""
    runs().drop(session_id())


def held_bytes() -> int:
    """Bytes of recordings that this page's list holds in memory."""
    sounds = {id(run.live or run.source): run.n_bytes for run in runs_here()}
    return sum(sounds.values())
