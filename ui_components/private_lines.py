"""A box for lines of text that are nobody else's business.

Streamlit's own text area lets the browser's spell checker read along, and some browsers send what
they check to their maker.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.components.v2 import component

from ui_components.masthead import ASSETS

_LINES = component(
    "sottovoce_lines",
    html='<label><span></span>\n<textarea rows="5" spellcheck="false" autocomplete="off" '
    'autocorrect="off" autocapitalize="off"></textarea></label>',
    css=(ASSETS / "lines.css").read_text("utf-8"),
    js=(ASSETS / "lines.js").read_text("utf-8"),
)


def private_lines(
    label: str, text: str, example: str, key: str, on_change: Callable[[str], None]
) -> None:
    """Show `text` to be edited; `on_change` gets it a moment after each change."""

    def changed() -> None:
        on_change(st.session_state[key]["typed"])

    _LINES(
        key=key,
        data={"text": text, "label": label, "example": example},
        on_typed_change=changed,
    )
