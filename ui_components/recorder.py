"""Speak, and see it written while you speak."""

from __future__ import annotations

import streamlit as st
from streamlit.components.v2 import component

from ui_components.masthead import ASSETS
from ui_components.phrases import phrase
from ui_components.state import record, recording

KEY = "recorder"

_LABELS = {
    "record": "record",
    "stop": "record_stop",
    "consent": "consent",
    "level": "record_level",
    "NotAllowedError": "record_refused",  # by the names that browsers give to what went wrong
    "NotFoundError": "record_nothing",
    "broken": "record_broken",
}

_RECORDER = component(
    "sottovoce_recorder",
    html='<section><button type="button"></button><time></time><meter min="0" max="1"></meter>\n'
    '<small></small><p role="alert"></p></section>',
    css=(ASSETS / "recorder.css").read_text("utf-8"),
    js=(ASSETS / "recorder.js").read_text("utf-8"),
)


def recorder() -> None:
    """Show the button that begins a recording and ends it; its sound comes by `spoken.route`.

    It stays in its place on the page whatever is shown: taken away, it stops.
    """
    run = recording()
    _RECORDER(
        key=KEY,
        data={
            "id": "" if run is None else run.job.id,
            "labels": {name: phrase(key) for name, key in _LABELS.items()},
        },
        on_begun_change=_begin,
        on_ended_change=lambda: None,
    )


def _begin() -> None:
    """The microphone is open, at so many samples a second."""
    record(int(st.session_state[KEY]["begun"]))
