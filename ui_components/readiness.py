"""Whether recordings can be transcribed here and now."""

from __future__ import annotations

from functools import partial

import streamlit as st

from ui_components.phrases import phrase
from ui_components.plain import plain
from ui_components.state import runs, saved_settings
from ui_components.told import told
from ui_components.watch import watch

_UNCERTAIN = ("unknown", "preparing")  # stages that may change by themselves


def readiness(is_idle: bool) -> None:
    """Say nothing when all is well, that it is getting ready, or what is wrong and what to do.

    A page that shows a recording does not move for the news that a worker is getting ready.
    """
    if is_idle and (left := [str(path) for path in runs().left_behind if path.exists()]):
        st.warning(phrase("left_behind", paths=plain(", ".join(left))), icon=":material/warning:")
    stage = runs().readiness.stage
    watch(partial(_preparing, is_idle), 1.0, _is_known, ended=stage not in _UNCERTAIN)
    if stage == "failed":
        st.error(told(runs().readiness.error), icon=":material/error:")
        st.button(phrase("check_again"), key="check", on_click=_check, icon=":material/refresh:")


def _preparing(is_idle: bool) -> None:
    """Say so; what may be given meanwhile waits in line.

    The model is loaded when the browser comes back for the first look: before that, it would take
    from the first page the time in which it is drawn.
    """
    if _is_known():
        return
    if st.session_state.get("was_drawn") and runs().readiness.stage == "unknown":
        runs().prepare(saved_settings())
    st.session_state.was_drawn = True
    if is_idle:
        st.caption(f":material/hourglass_top: {phrase('preparing')}")


def _is_known() -> bool:
    return runs().readiness.stage not in _UNCERTAIN


def _check() -> None:
    runs().prepare(saved_settings())
