"""Listen to the recording that was given, or have it forgotten."""

from __future__ import annotations

import streamlit as st

from ui_components.leftovers import close_player
from ui_components.phrases import phrase
from ui_components.state import Source, forget_audio


def player(source: Source) -> None:
    """Play `source` as it came, at the foot of the window; the transcript's words seek in it.

    Beside it stands the button that drops the recording and leaves the text.
    """
    with st.bottom.container(horizontal=True, vertical_alignment="center"):
        with st.container(key="player"):
            st.audio(source.audio, format=source.mime)
        st.button(
            phrase("forget"),
            key="forget",
            icon=":material/delete_forever:",
            type="tertiary",
            on_click=_forget,
        )


def _forget() -> None:
    forget_audio()
    close_player()
