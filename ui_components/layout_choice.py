"""How text is laid out when it is copied or saved."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import streamlit as st

from asr_core.export import Layout
from asr_core.settings import Breaks
from ui_components.phrases import phrase
from ui_components.state import remember, saved_settings

_MARKS = ("with_times", "with_speakers")


def layout_choice() -> Layout:
    """Show the choice and give it; it is remembered."""
    saved = saved_settings()
    marks = st.pills(
        phrase("with"),
        _MARKS,
        selection_mode="multi",
        default=[mark for mark in _MARKS if getattr(saved, mark)],
        format_func=phrase,
        key="marks",
        label_visibility="collapsed",
    )
    choices = get_args(Breaks)
    breaks = st.selectbox(
        phrase("layout"),
        choices,
        index=choices.index(saved.breaks),
        format_func=phrase,
        key="breaks",
        label_visibility="collapsed",
        width=200,
    )
    chosen = replace(saved, breaks=breaks, **{mark: mark in marks for mark in _MARKS})
    if chosen != saved:
        remember(chosen)
    return Layout(chosen.breaks, chosen.with_times, chosen.with_speakers)
