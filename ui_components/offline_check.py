"""The offline check: what was tried just now, what was refused, what holds on this computer."""

from __future__ import annotations

import streamlit as st

from asr_core.privacy import offline
from ui_components.phrases import phrase
from ui_components.plain import plain
from ui_components.state import runs

_ICONS = {"held": ":material/check:", "absent": ":material/info:", "broken": ":material/error:"}


def offline_check() -> None:
    """Show a folded box with a button that makes the page and the recognizer try to get out."""
    with st.expander(phrase("offline"), icon=":material/wifi_off:"):
        st.caption(phrase("offline_about"))
        if st.button(phrase("offline_now"), key="offline"):
            for line in offline.lines({"page": offline.look(), "recognizer": runs().look()}):
                st.markdown(f"{_ICONS[line.state]} {_said(line)}")


def _said(line: offline.Line) -> str:
    values = {name: plain(str(value)) for name, value in line.values.items()}
    if "process" in line.values:
        values["process"] = phrase(f"offline_{line.values['process']}")
    return phrase(f"offline_{line.key}", **values)
