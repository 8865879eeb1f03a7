"""The name of the recording at the head of a page."""

from __future__ import annotations

import streamlit as st

_SIGNS = r"\`*_{}[]()<>#+-.!|~$:"  # what Markdown reads as more than itself


def title(name: str) -> None:
    """Show the recording's name as the page's heading."""
    st.subheader(plain(name), anchor=False)


def plain(text: str) -> str:
    """`text` for a place that reads Markdown, with its signs shown as they are."""
    return "".join(f"\\{sign}" if sign in _SIGNS else sign for sign in text)
