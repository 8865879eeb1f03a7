"""The head of the page: the product's name, the page's language, and the list of keys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from ui_components.phrases import page_language, phrase
from ui_components.server_badge import chosen_server
from ui_components.shortcuts import shortcuts
from ui_components.state import remember, saved_settings

ASSETS = Path(__file__).resolve().parents[1] / "assets"
KEY = "masthead"

_MASTHEAD = component(
    "sottovoce_masthead",
    html=f"""<header>
{(ASSETS / "wordmark.svg").read_text("utf-8")}
<p></p>
<button type="button" lang="en">English</button>
<button type="button" lang="zh">中文</button>
<button type="button" class="keys">?</button>
</header>""",
    css=(ASSETS / "masthead.css").read_text("utf-8"),
    js=(ASSETS / "masthead.js").read_text("utf-8"),
)


def masthead() -> None:
    """Show the wordmark, what the product promises, and a switch for the page's language.

    It comes first on the page, since it settles the language of all that follows.
    """
    st.session_state.setdefault("page_language", saved_settings().page_language)
    tagline = "tagline" if chosen_server() is None else "tagline_server"
    asked = _MASTHEAD(
        key=KEY,
        data={"tagline": phrase(tagline), "lang": page_language(), "keys": phrase("keys")},
        on_language_change=_switch,
        on_keys_change=lambda: None,
    )
    if asked.get("keys"):
        shortcuts()


def _switch() -> None:
    language = st.session_state[KEY]["language"]
    st.session_state.page_language = language
    remember(replace(saved_settings(), page_language=language))
