"""How the text of the finished page is written: verbatim with one click, or tidied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import streamlit as st

from asr_core.settings import Punctuation, Script, Settings, Tidy
from ui_components.phrases import phrase
from ui_components.state import remember


def tidy_panel(settings: Settings) -> Tidy:
    """Show the switches as `settings` have them, and give what is chosen; it is remembered."""
    verbatim = st.toggle(
        phrase("verbatim"), settings.verbatim, key="verbatim", help=phrase("verbatim_help")
    )
    with st.popover(phrase("tidy"), icon=":material/tune:", disabled=verbatim):
        chosen = replace(
            settings,
            verbatim=verbatim,
            script=_choice("script", get_args(Script), settings),
            punctuation=_choice("punctuation", get_args(Punctuation), settings),
            spacing=_switch("spacing", settings),
            case=_switch("case", settings, help=phrase("case_help")),
            numbers=_switch("numbers", settings, help=phrase("numbers_help")),
        )
    if chosen != settings:
        remember(chosen)
    return chosen.tidy


def _choice(name: str, choices: tuple[Any, ...], settings: Settings) -> Any:
    return st.segmented_control(
        phrase(name),
        choices,
        default=getattr(settings, name),
        required=True,
        format_func=phrase,
        key=name,
    )


def _switch(name: str, settings: Settings, help: str | None = None) -> bool:
    return st.toggle(phrase(name), getattr(settings, name), key=name, help=help)
