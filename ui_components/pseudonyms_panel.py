"""Pseudonyms: codes for real names in everything that leaves the page."""

from __future__ import annotations

from functools import partial

import streamlit as st

from asr_core.editing.desk import Desk
from asr_core.errors import AsrError
from asr_core.export import suggested_name
from asr_core.export.near_misses import near_misses
from asr_core.export.pseudonyms import Pseudonyms, counts, hidden, read, written
from asr_core.result import Transcript
from ui_components.phrases import phrase
from ui_components.plain import plain
from ui_components.private_lines import private_lines
from ui_components.told import told


def pseudonyms_panel(desk: Desk, shown: Transcript) -> Pseudonyms | None:
    """Show a button that opens the list of `desk`; give what it says, None if it cannot be read."""
    try:
        names, error = read(desk.pseudonyms), None
    except AsrError as wrong:
        names, error = None, wrong
    opened = st.popover(
        phrase("pseudonyms"), icon=":material/person_off:", key="pseudonyms", on_change="rerun"
    )
    if not opened.open:
        return names

    def type_(lines: str) -> None:
        desk.pseudonyms = lines

    with opened:
        st.caption(phrase("pseudonyms_help"))
        private_lines(
            phrase("pseudonyms_lines"),
            desk.pseudonyms,
            phrase("pseudonyms_example"),
            key="pseudonym_lines",
            on_change=type_,
        )
        if error is not None:
            st.error(told(error))
        elif names is not None and names.codes:
            _report(shown, names)
    return names


def _report(shown: Transcript, names: Pseudonyms) -> None:
    """What was hidden, what may have been missed, and the list for its owner."""
    codes, found = dict(names.codes), counts(shown, names)
    lines = [
        plain(phrase("pseudonyms_count", name=name, code=codes[name], n=n))
        for name, n in found.items()
    ]
    st.caption("  \n".join(lines))
    left = near_misses(hidden(shown, names), names)
    if left:
        words = "; ".join(
            phrase("pseudonyms_near", word=miss.text, n=miss.n, name=miss.name) for miss in left
        )
        st.warning(plain(phrase("pseudonyms_left", words=words)))
    st.download_button(
        phrase("pseudonyms_save"),
        data=partial(written, names),
        file_name=suggested_name(phrase("pseudonyms_file"), "txt"),
        mime="text/plain",
        key="download_pseudonyms",
        icon=":material/download:",
        help=phrase("pseudonyms_apart"),
        on_click="ignore",
    )
