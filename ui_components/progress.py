"""How far a run is, its text so far, and the way to stop it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from asr_core.pace import clock
from ui_components.editor import editor
from ui_components.phrases import phrase
from ui_components.plain import plain
from ui_components.run import Run
from ui_components.state import runs, saved_settings
from ui_components.watch import watch


def progress(run: Run, is_running: bool) -> None:
    """Show a running job, twice a second; of an ended one nothing."""
    watch(partial(_progress, run), 0.5, lambda: not run.job.running, ended=not is_running)


def _progress(run: Run) -> None:
    job = run.job
    if not job.running:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if run.live is not None:
            st.caption(stage(run))
        else:
            st.progress(job.fraction, text=stage(run))
        if job.stage != "held" and run.live is None:
            st.button(
                phrase("cancel"), key="cancel", icon=":material/stop_circle:", on_click=job.cancel
            )
    if job.segments:
        segments = run.shown.of(job.segments, saved_settings().tidy)
        editor(run, replace(job.partial(), segments=segments))
    if job.draft:
        st.caption(f"{plain(job.draft)} …")
    elif not job.segments and job.stage != "held" and run.live is None:
        st.caption(phrase("listening"))


def stage(run: Run) -> str:
    """What a job is doing, its length, and how long it will take, as far as that can be told."""
    job, left = run.job, runs().remaining(run)
    said = []
    if job.stage == "held":
        said.append(phrase("held"))
    elif job.stage == "waiting":
        n, is_ready = runs().ahead_of(run), runs().readiness.stage != "preparing"
        said.append(phrase("waiting", n=n) if n else phrase("next" if is_ready else "loading"))
    elif job.stage == "loading":
        said.append(phrase("loading"))
    elif run.live is not None:
        return phrase("recording")
    elif job.is_quiet:
        return phrase("quiet", percent=f"{job.fraction:.0%}")
    else:
        said.append(phrase("transcribing", percent=f"{job.fraction:.0%}"))
    if job.stage != "transcribing" and job.length is not None:
        said.append(clock(job.length))
    if left is not None:
        takes = "eta" if job.stage == "transcribing" else "takes"
        said.append(phrase(takes, time=span(left)))
    return " · ".join(said)


def span(seconds: float) -> str:
    """A length of time as a person would say it: 5 s, 40 s, 3 min."""
    if seconds < 55:
        return phrase("seconds", n=max(5, 5 * round(seconds / 5)))
    return phrase("minutes", n=max(1, round(seconds / 60)))
