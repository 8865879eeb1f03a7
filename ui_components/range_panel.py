"""Which part of a recording is to be heard."""

from __future__ import annotations

import streamlit as st

from asr_core.audio.clip import FIRST_MINUTE, WHOLE, Clip, clip_between
from asr_core.errors import AsrError
from ui_components.phrases import phrase
from ui_components.told import told

_CHOICES = ("part_all", "part_minute", "part_between")


def range_panel() -> Clip | None:
    """The part that was chosen; None, with a sentence, while what is written is no time."""
    choice = st.segmented_control(
        phrase("part"),
        _CHOICES,
        default="part_all",
        required=True,
        format_func=phrase,
        key="part",
    )
    if choice != "part_between":
        return FIRST_MINUTE if choice == "part_minute" else WHOLE
    with st.container(horizontal=True):
        start = st.text_input(phrase("part_start"), placeholder="0:00", key="part_start")
        stop = st.text_input(phrase("part_stop"), placeholder=phrase("part_end"), key="part_stop")
    try:
        return clip_between(start, stop)
    except AsrError as error:
        st.error(told(error), icon=":material/error:")
        return None
