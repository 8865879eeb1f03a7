"""Passages that are being heard again, and what came of it."""

from __future__ import annotations

import streamlit as st

from asr_core.pace import clock
from ui_components.phrases import phrase
from ui_components.run import Run
from ui_components.told import told


def passage_line(run: Run) -> None:
    """Say which passages are being heard again; the page is drawn anew when one has come."""
    for problem in run.problems:
        st.toast(told(problem), icon=":material/error:")
    run.problems.clear()
    if run.asked:
        st.fragment(_line, run_every=0.5)(run)


def _line(run: Run) -> None:
    if any(question.answer.done() for question in run.questions):
        st.rerun()
    times = ", ".join(clock(passage.start) for passage in run.asked)
    st.caption(f":material/hearing: {phrase('again', times=times)}")
