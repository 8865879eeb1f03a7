"""The finished page: what was said, and what to do with it."""

from __future__ import annotations

import streamlit as st

from asr_core.pace import clock
from ui_components.copy_button import copy_button
from ui_components.editor import editor
from ui_components.export_buttons import export_buttons
from ui_components.language_badge import language_badge, shares
from ui_components.phrases import phrase
from ui_components.receipt_line import receipt_line
from ui_components.state import Run, new_recording
from ui_components.title import plain, title


def result(run: Run) -> None:
    """Show the transcript of a run that ended, or as far as it got and why it ended."""
    job, desk = run.job, run.desk
    transcript = desk.current if desk is not None else None
    with st.container(horizontal=True, vertical_alignment="center"):
        title(job.name)
        st.button(phrase("new"), key="new", icon=":material/add:", on_click=new_recording)
    if transcript is not None and transcript.segments:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            language_badge(transcript.language)
            st.caption(f"{shares(transcript.language)} · {clock(transcript.duration)}")
    text = transcript.text if transcript is not None else ""
    _say_how_it_ended(run, bool(text))
    if job.stage == "failed" and not text:
        run.source = None  # what could not be read cannot be played
    if transcript is not None and text:
        for note in transcript.notes if job.stage == "done" else ():
            st.caption(f":material/info: {plain(note)}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            copy_button(text)
            export_buttons(transcript)
    if transcript is not None and (text or run.source is not None):
        editor(run, transcript)
    receipt_line(run)


def _say_how_it_ended(run: Run, has_text: bool) -> None:
    job = run.job
    reached = clock(job.transcript.duration if job.transcript is not None else 0)
    if job.stage == "failed":
        kept = f" {phrase('kept', time=reached)}" if has_text else ""
        st.error(f"{plain(job.error or '')}{kept}", icon=":material/error:")
    elif job.stage == "cancelled":
        st.info(
            phrase("cancelled", time=reached) if has_text else phrase("cancelled_empty"),
            icon=":material/stop_circle:",
        )
    elif not has_text:
        st.info(phrase("silence"), icon=":material/volume_off:")
