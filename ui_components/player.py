"""Listen to the recording that was given."""

from __future__ import annotations

import streamlit as st

from ui_components.state import Source


def player(source: Source) -> None:
    """Play `source` as it came, at the foot of the window; the transcript's words seek in it."""
    with st.bottom.container(key="player"):
        st.audio(source.audio, format=source.mime)
