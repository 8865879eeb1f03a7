"""Who reads again what the first model was not sure of."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from asr_core.engines import models
from asr_core.settings import Precision, Settings
from ui_components.phrases import phrase
from ui_components.precision_choice import precision_choice


class SecondModel(NamedTuple):
    """What was chosen; no engine: nobody reads again."""

    engine: str
    precision: Precision
    below: float  # confidence under which a segment is read again


def second_model(saved: Settings) -> SecondModel:
    """The second model among those that are installed; its precision and when it is asked."""
    names = list(dict.fromkeys(["", *models(), saved.second_engine]))
    engine = st.selectbox(
        phrase("second_model"),
        names,
        index=names.index(saved.second_engine),
        format_func=lambda name: Path(name).name if name else phrase("second_none"),
        key="second_model",
        help=phrase("second_model_help"),
    )
    if not engine:
        return SecondModel(engine, saved.second_precision, saved.second_below)
    precision = precision_choice("second_precision", saved.second_precision)
    below = st.slider(
        phrase("second_below"),
        0.0,
        1.0,
        float(saved.second_below),
        step=0.05,
        format="percent",
        key="second_below",
        help=phrase("second_below_help"),
    )
    return SecondModel(engine, precision, below)
