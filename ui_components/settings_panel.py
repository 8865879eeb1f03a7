"""What a person may choose before a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import streamlit as st

from asr_core.engines import models, searches
from asr_core.servers import Server, is_address
from asr_core.settings import DecodeMode, Settings
from ui_components.languages import LANGUAGES
from ui_components.phrases import phrase
from ui_components.precision_choice import precision_choice
from ui_components.second_model import second_model
from ui_components.state import saved_settings
from ui_components.vocabulary_panel import vocabulary_panel

_CHOICES = ("auto", "zh", "en", "more")


def settings_panel() -> Settings:
    """The choices for the next run: the language in sight, the rest folded away."""
    saved = saved_settings()
    language = _language(saved)
    with st.expander(phrase("advanced"), icon=":material/tune:"):
        if st.context.theme.type == "dark":  # Streamlit writes white on it, which is light there
            st.html("<style>.st-key-languages span[title] { color: #14110D }</style>")
        among = st.multiselect(
            phrase("auto_among"),
            list(LANGUAGES),
            default=[code for code in saved.languages if code in LANGUAGES],
            format_func=LANGUAGES.__getitem__,
            key="languages",
            help=phrase("auto_among_help"),
            disabled=language != "auto",
        )
        model = _model(saved)
        modes = get_args(DecodeMode)
        decode = st.selectbox(
            phrase("decode"),
            modes,
            index=modes.index(saved.decode),
            format_func=phrase,
            key="decode",
            help=phrase("decode_help"),
            disabled=not searches(model),
        )
        precision = precision_choice("precision", saved.precision, phrase("precision_help"))
        second = second_model(saved)
        vocabulary, keep_vocabulary = vocabulary_panel(saved)
    start_at_once = st.toggle(
        phrase("start_at_once"),
        value=saved.start_at_once,
        key="start_at_once",
        help=phrase("start_at_once_help"),
    )
    return replace(
        saved,
        engine=model,
        language=language,
        languages=tuple(among) or Settings().languages,
        decode=decode,
        precision=precision,
        second_engine=second.engine,
        second_precision=second.precision,
        second_below=second.below,
        start_at_once=start_at_once,
        vocabulary=vocabulary,
        keep_vocabulary=keep_vocabulary,
    )


def _model(saved: Settings) -> str:
    """The model, among those that are installed and the servers that were allowed.

    One that is named by its folder stays.
    """
    servers = [Server.parse(line).address for line in saved.servers]
    names = list(dict.fromkeys([*models(), *servers, saved.engine]))
    return st.selectbox(
        phrase("model"),
        names,
        index=names.index(saved.engine),
        format_func=lambda name: name if is_address(name) else Path(name).name,
        key="model",
        help=phrase("model_help"),
    )


def _language(saved: Settings) -> str:
    """The language of the whole recording, "auto" when each passage is to be judged."""
    choice = st.segmented_control(
        phrase("language"),
        _CHOICES,
        default=saved.language if saved.language in _CHOICES else "more",
        required=True,
        format_func=_language_label,
        key="language",
    )
    if choice != "more":
        return choice
    codes = list(LANGUAGES)
    return st.selectbox(
        phrase("one_language"),
        codes,
        index=codes.index(saved.language) if saved.language in codes else 0,
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
