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
    """Show the name of `language` in its color, the shares in the tooltip; nothing without text.

    The color never speaks alone: the badge always carries the name.
    """
    if language.label not in _COLORS:
        return
    st.badge(
        phrase(f"badge_{language.label}"),
        color=_COLORS[language.label],
        icon=":material/translate:",
        help=shares(language),
    )


def shares(language: Language) -> str:
    """How much of the text is in which language: "Chinese 62 %, English 38 %"."""
    parts = {"zh": language.zh, "en": language.en, "other": language.other}
    return " · ".join(
        phrase(f"share_{name}", percent=f"{share:.0%}")
        for name, share in parts.items()
        if share >= 0.005
    )
