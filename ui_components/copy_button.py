"""Copy the text with one click: the browser's clipboard first, this computer's as second way."""

from __future__ import annotations

import pyperclip
import streamlit as st
from streamlit.components.v2 import component

from ui_components.masthead import ASSETS
from ui_components.phrases import phrase

KEY = "copy"

_COPY = component(
    "sottovoce_copy",
    html='<button type="button"></button>\n',
    css=(ASSETS / "copy.css").read_text("utf-8"),
    js=(ASSETS / "copy.js").read_text("utf-8"),
)


def copy_button(text: str) -> None:
    """Show a button that copies `text`; when neither way works, one sentence says what to do."""
    copied_here = copy_here(text) if st.session_state.get(KEY, {}).get("refused") else None
    _COPY(
        key=KEY,
        data={
            "text": text,
            "label": phrase("copy"),
            "done": phrase("copied"),
            "copied": copied_here is True,
        },
        on_refused_change=lambda: None,
        width="content",
    )
    if copied_here is False:
        st.error(phrase("copy_failed"), icon=":material/content_copy:")


def copy_here(text: str) -> bool:
    """Put `text` on the clipboard of the computer this runs on; False when it has none to offer."""
    try:
        pyperclip.copy(text)
    except pyperclip.PyperclipException:
        return False
    return True
