"""In which precision a model computes."""

from __future__ import annotations

from typing import cast, get_args

import streamlit as st

from asr_core.settings import Precision
from ui_components.phrases import phrase


def precision_choice(key: str, saved: Precision, help: str | None = None) -> Precision:
    """A list of all precisions; `key` names the widget and its label."""
    precisions = get_args(Precision)
    chosen = st.selectbox(
        phrase(key),
        precisions,
        index=precisions.index(saved),
        format_func=lambda name: phrase("precision_auto") if name == "auto" else name,
        key=key,
        help=help,
    )
    return cast("Precision", chosen)
