"""How the text of the finished page is written: verbatim with one click, or tidied."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import get_args

import streamlit as st

from asr_core.settings import Punctuation, Script, Settings, Tidy
from ui_components.phrases import phrase
from ui_components.state import remember

_NAMES = (*(field.name for field in fields(Tidy)), "verbatim")


def tidy_panel(settings: Settings) -> Tidy:
    """Show the switches as `settings` have them, and give what is chosen; it is remembered."""
    for name in _NAMES:
        st.session_state.setdefault(name, getattr(settings, name))
    verbatim = st.toggle(phrase("verbatim"), key="verbatim", help=phrase("verbatim_help"))
    with st.popover(phrase("tidy"), icon=":material/tune:", disabled=verbatim):
        _switches()
    chosen = replace(settings, **{name: st.session_state[name] for name in _NAMES})
    if chosen != settings:
        remember(chosen)
    return chosen.tidy


def _switches() -> None:
    for name, choices in (("script", get_args(Script)), ("punctuation", get_args(Punctuation))):
        st.segmented_control(phrase(name), choices, required=True, format_func=phrase, key=name)
    st.toggle(phrase("spacing"), key="spacing")
    st.toggle(phrase("case"), key="case", help=phrase("case_help"))
    st.toggle(phrase("numbers"), key="numbers", help=phrase("numbers_help"))
