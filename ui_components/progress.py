"""How far a run is, its text so far, and the way to stop it."""

from __future__ import annotations

import streamlit as st

from ui_components.editor import editor
from ui_components.phrases import phrase
from ui_components.state import Run, runs
from ui_components.title import title


@st.fragment(run_every=0.5)
def progress(run: Run) -> None:
    """Show a running job, twice a second; when it ends the whole page is drawn anew."""
    job = run.job
    if not job.running:
        st.rerun()
    title(job.name)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.fraction, text=stage(run))
        st.button(
            phrase("cancel"), key="cancel", icon=":material/stop_circle:", on_click=job.cancel
        )
    if job.segments:
        editor(run, job.partial())
    else:
        st.caption(phrase("listening"))


def stage(run: Run) -> str:
    """What a running job is doing, and how long it will take if that can be told."""
    job = run.job
    if job.stage == "waiting":
        return phrase("waiting", n=max(1, runs().ahead_of(run)))
    if job.stage == "loading":
        return phrase("loading")
    done = phrase("transcribing", percent=f"{job.fraction:.0%}")
    return f"{done} · {phrase('eta', time=span(job.eta))}" if job.eta is not None else done


def span(seconds: float) -> str:
    """A length of time as a person would say it: 5 s, 40 s, 3 min."""
    if seconds < 55:
        return phrase("seconds", n=max(5, 5 * round(seconds / 5)))
    return phrase("minutes", n=max(1, round(seconds / 60)))
