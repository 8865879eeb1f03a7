"""The list of keys."""

from __future__ import annotations

import streamlit as st

from ui_components.phrases import phrase

# Keys as they are printed, and the phrase that says what they do.
SHORTCUTS: tuple[tuple[str, str], ...] = (("?", "key_help"),)


def shortcuts() -> None:
    """Open a dialog with every key and what it does."""
    st.dialog(phrase("keys"))(_list)()


def _list() -> None:
    rows = "\n".join(f"| `{keys}` | {phrase(name)} |" for keys, name in SHORTCUTS)
    st.markdown(f"| {phrase('key')} | {phrase('does')} |\n|---|---|\n{rows}")
