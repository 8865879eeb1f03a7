"""Which languages were spoken, in color and in words."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from asr_core.result import Label, Language
from ui_components.phrases import phrase

_COLORS: dict[Label, Literal["green", "blue", "violet", "gray"]] = {
    "zh": "green",
    "en": "blue",
    "mixed": "violet",
    "other": "gray",
}


def language_badge(language: Language) -> None:
    """Show the shares of `language` in its color, its name in the tooltip; nothing without text.

    The color never speaks alone: the shares carry the names of the languages.
    """
    if language.label not in _COLORS:
        return
    st.badge(
        shares(language),
        color=_COLORS[language.label],
        icon=":material/translate:",
        help=phrase(f"badge_{language.label}"),
    )


def shares(language: Language) -> str:
    """How much of the text is in which language: "中文 62 % · English 38 %"."""
    parts = {"zh": language.zh, "en": language.en, "other": language.other}
    return " · ".join(
        phrase(f"share_{name}", percent=f"{100 * share:.0f} %")
        for name, share in parts.items()
        if share >= 0.005
    )
