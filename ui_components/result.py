"""The finished page: what was said, and what to do with it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from asr_core.pace import clock
from ui_components.editor import editor
from ui_components.language_badge import language_badge
from ui_components.out_panel import out_panel
from ui_components.passage_line import passage_line
from ui_components.phrases import phrase
from ui_components.receipt_line import receipt_line
from ui_components.run import Run
from ui_components.runs import TEXT_WAITS
from ui_components.stage_times import stage_times
from ui_components.state import go_on, realign, rerun_passage, saved_settings
from ui_components.tidy_panel import tidy_panel
from ui_components.told import told


def result(run: Run) -> None:
    """Show the transcript of a run that ended, or as far as it got and why it ended."""
    job, transcript = run.job, run.desk.current if run.desk is not None else None
    text = transcript.text if transcript is not None else ""
    _say_how_it_ended(run, bool(text))
    if transcript is not None and text:
        # The first note of one that was stopped is what was just said.
        for note in transcript.notes[job.stage != "done" :]:
            st.caption(f":material/info: {told(note)}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            language_badge(transcript.language)
            st.caption(clock(transcript.duration), width="stretch")
            tidy = tidy_panel(saved_settings())
        transcript = replace(transcript, segments=run.shown.of(transcript.segments, tidy))
        out_panel(run, transcript)
    if transcript is not None and (text or (run.source is not None and job.stage != "failed")):
        editor(
            run,
            transcript,
            on_rerun=partial(rerun_passage, run) if run.source is not None else None,
            on_corrected=partial(realign, run),
        )
    passage_line(run)
    if job.stage == "done" and transcript is not None:
        stage_times(transcript.stats)
    receipt_line(run)


def _say_how_it_ended(run: Run, has_text: bool) -> None:
    job = run.job
    reached = clock(job.transcript.duration if job.transcript is not None else 0)
    if job.stage == "failed":
        st.error(told(job.error or ""), icon=":material/error:")
    elif job.stage == "cancelled":
        st.info(
            phrase("cancelled", time=reached) if has_text else phrase("cancelled_empty"),
            icon=":material/stop_circle:",
        )
    elif not has_text:
        st.info(phrase("silence"), icon=":material/volume_off:")
    if run.has_waited and has_text:
        st.info(phrase("waited", n=round(TEXT_WAITS / 60)), icon=":material/hourglass_bottom:")
    if run.rest is not None:
        st.button(
            phrase("go_on", time=clock(run.rest)),
            key="go_on",
            icon=":material/play_arrow:",
            on_click=go_on,
            args=(run,),
        )
