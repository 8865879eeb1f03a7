"""From a part that was tried to the whole recording, in one click."""

from __future__ import annotations

import streamlit as st

from ui_components.phrases import phrase
from ui_components.run import Run
from ui_components.state import transcribe_all


def whole_button(run: Run) -> None:
    """Offer to transcribe all of a recording of which only a part was heard, while it is held."""
    if run.source is not None and not run.job.clip.is_whole:
        st.button(
            phrase("whole"),
            key="whole",
            icon=":material/playlist_play:",
            on_click=transcribe_all,
            args=(run,),
        )
