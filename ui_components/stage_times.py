"""Where the time of a run went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui_components.phrases import phrase


def stage_times(stats: Mapping[str, Any]) -> None:
    """Show a folded box with the seconds of every stage, and how that compares with the sound.

    Args:
        stats: of a transcript; nothing is shown where they hold no stages.
    """
    stages: Mapping[str, float] = stats.get("stages") or {}
    factor = stats.get("real_time_factor")
    if not stages or factor is None:
        return
    rates: Mapping[str, float] = stats.get("tokens_per_second") or {}
    with st.expander(phrase("stages"), icon=":material/timer:"):
        lines = [_line(stage, seconds, rates.get(stage)) for stage, seconds in stages.items()]
        lines.append(phrase("stages_factor", factor=f"{factor:.3f}"))
        st.markdown("\n".join(f"- {line}" for line in lines))


def _line(stage: str, seconds: float, rate: float | None) -> str:
    said = f"{phrase(f'stage_{stage}')}: {seconds:.1f} s"
    return said if rate is None else f"{said}, {phrase('stage_rate', n=f'{rate:.0f}')}"
