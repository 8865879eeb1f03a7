"""The name of the recording that is shown, and beside that of an ended one what may come next."""

from __future__ import annotations

import streamlit as st

from ui_components.phrases import phrase
from ui_components.plain import plain
from ui_components.run import Run
from ui_components.state import new_recording, runs_here
from ui_components.whole_button import whole_button


def headline(run: Run, is_running: bool) -> None:
    """Show a run's name in a place that stays when the run ends, or it would stand there twice.

    What Streamlit drew before goes when all that follows is drawn, not when the new appears.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain(run.job.name), anchor=False)
        if not is_running:
            whole_button(run)
            if len(runs_here()) == 1:
                st.button(phrase("new"), key="new", icon=":material/add:", on_click=new_recording)
