"""The words of the idle page: what happens here, and what does not."""

from __future__ import annotations

import streamlit as st

from ui_components.last_time import was_cut_off
from ui_components.phrases import phrase
from ui_components.plain import plain
from ui_components.server_badge import chosen_server


def welcome() -> None:
    """Say in one line what a recording becomes."""
    st.header(phrase("welcome"), anchor=False)
    st.caption(phrase("hint"))
    if was_cut_off():
        st.info(phrase("cut_off"), icon=":material/power_off:")


def privacy_note() -> None:
    """Say where a recording goes, before it is given."""
    server = chosen_server()
    if server is None:
        st.caption(f":material/lock: {phrase('private')}")
    else:
        said = phrase("private_server", address=plain(server.address))
        st.caption(f":material/cell_tower: {said}")
