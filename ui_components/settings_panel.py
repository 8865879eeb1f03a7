"""What a person may choose before a run."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import streamlit as st

from asr_core.settings import DecodeMode, Settings
from ui_components.languages import LANGUAGES
from ui_components.phrases import phrase
from ui_components.state import saved_settings
from ui_components.vocabulary_panel import vocabulary_panel

_CHOICES = ("auto", "zh", "en", "more")


def settings_panel() -> Settings:
    """The choices for the next run: the language in sight, the rest folded away."""
    saved = saved_settings()
    known = [code for code in saved.languages if code in LANGUAGES]
    # Not as their defaults: what is drawn anew in the other language would lose what was chosen.
    st.session_state.setdefault("languages", known)
    st.session_state.setdefault("decode", saved.decode)
    st.session_state.setdefault("start_at_once", saved.start_at_once)
    language = _language(saved)
    with st.expander(phrase("advanced"), icon=":material/tune:"):
        among = st.multiselect(
            phrase("auto_among"),
            list(LANGUAGES),
            format_func=LANGUAGES.__getitem__,
            key="languages",
            help=phrase("auto_among_help"),
            disabled=language != "auto",
        )
        decode = st.selectbox(
            phrase("decode"),
            get_args(DecodeMode),
            format_func=phrase,
            key="decode",
            help=phrase("decode_help"),
        )
        vocabulary, keep_vocabulary = vocabulary_panel(saved)
    start_at_once = st.toggle(
        phrase("start_at_once"),
        key="start_at_once",
        help=phrase("start_at_once_help"),
    )
    return replace(
        saved,
        language=language,
        languages=tuple(among) or Settings().languages,
        decode=decode,
        start_at_once=start_at_once,
        vocabulary=vocabulary,
        keep_vocabulary=keep_vocabulary,
    )


def _language(saved: Settings) -> str:
    """The language of the whole recording, "auto" when each passage is to be judged."""
    st.session_state.setdefault(
        "language", saved.language if saved.language in _CHOICES else "more"
    )
    st.segmented_control(
        phrase("language"),
        _CHOICES,
        required=True,
        format_func=_language_label,
        key="language",
    )
    choice: str = st.session_state.language
    if choice != "more":
        return choice
    st.session_state.setdefault(
        "one_language", saved.language if saved.language in LANGUAGES else "zh"
    )
    return st.selectbox(
        phrase("one_language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key="one_language",
    )


def _language_label(choice: str) -> str:
    """A choice in words; "auto" says among which languages."""
    if choice != "auto":
        return phrase(choice)
    codes = st.session_state.get("languages") or saved_settings().languages
    if len(codes) > 3:
        return phrase("auto", languages=phrase("n_languages", n=len(codes)))
    return phrase("auto", languages=", ".join(LANGUAGES[code] for code in codes))
