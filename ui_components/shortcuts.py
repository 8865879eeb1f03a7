"""The list of keys."""

from __future__ import annotations

import streamlit as st

from ui_components.phrases import phrase

# Keys as they are written on a keyboard, and the phrase that says what they do.
EDITOR_KEYS = (
    ("Space", "editor_play"),
    ("F8", "editor_play_typing"),
    ("← / F2", "editor_back"),
    ("→ / F4", "editor_forward"),
    ("[", "editor_slower"),
    ("]", "editor_faster"),
    ("l", "editor_loop"),
    ("f", "editor_follow"),
    ("e", "editor_edit"),
    ("Enter", "editor_key_enter"),
    ("Tab", "editor_key_tab"),
    ("Shift+Enter", "editor_key_break"),
    ("Esc", "editor_key_escape"),
    ("Ctrl+Z", "editor_undo"),
    ("Ctrl+Shift+Z / Ctrl+Y", "editor_redo"),
    ("Ctrl+F", "editor_find"),
    ("n", "editor_next_unsure"),
    ("p / Shift+N", "editor_previous_unsure"),
    ("1 … 9", "editor_key_alternative"),
    ("q", "editor_quote"),
)
SHORTCUTS = (("?", "key_help"), *EDITOR_KEYS)


def shortcuts() -> None:
    """Open a dialog with every key and what it does."""
    st.dialog(phrase("keys"))(_list)()


def _list() -> None:
    rows = "\n".join(f"| {keys} | {phrase(name)} |" for keys, name in SHORTCUTS)
    st.markdown(f"| {phrase('key')} | {phrase('does')} |\n|---|---|\n{rows}")
