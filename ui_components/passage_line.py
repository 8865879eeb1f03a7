"""Passages that are being heard again, and what came of it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from asr_core.pace import clock
from ui_components.phrases import phrase
from ui_components.run import Run
from ui_components.told import told
from ui_components.watch import watch


def passage_line(run: Run) -> None:
    """Say which passages are being heard again; the page is drawn anew when one has come."""
    for problem in run.problems:
        st.toast(told(problem), icon=":material/error:")
    run.problems.clear()
    watch(partial(_line, run), 0.5, partial(_has_come, run), ended=not run.asked)


def _has_come(run: Run) -> bool:
    return not run.asked or any(question.answer.done() for question in run.questions)


def _line(run: Run) -> None:
    if run.asked:
        times = ", ".join(clock(passage.start) for passage in run.asked)
        st.caption(f":material/hearing: {phrase('again', times=times)}")
