"""Choose a passphrase, typed twice."""

from __future__ import annotations

import streamlit as st

from asr_core.passphrase import SHORTEST, strength
from ui_components.phrases import phrase


def new_passphrase(key: str) -> str:
    """The passphrase, once it is long enough and the same twice; until then empty."""
    first = st.text_input(
        phrase("passphrase"), type="password", key=key, autocomplete="off", live=True
    )
    how_strong = strength(first)
    if first:
        st.caption(phrase(f"strength_{how_strong}", n=SHORTEST))
    again = st.text_input(
        phrase("passphrase_again"),
        type="password",
        key=f"{key}_again",
        autocomplete="off",
        live=True,
    )
    if again and again != first:
        st.caption(f":material/error: {phrase('passphrase_differs')}")
    return first if how_strong != "short" and first == again else ""
