"""Where the text goes from the finished page: clipboard, files, quotes, a kept project."""

from __future__ import annotations

import streamlit as st

from asr_core.export import render
from asr_core.export.pseudonyms import hidden
from asr_core.result import Transcript
from ui_components.copy_button import copy_button
from ui_components.keep_panel import keep_panel
from ui_components.layout_choice import layout_choice
from ui_components.phrases import phrase
from ui_components.pseudonyms_panel import pseudonyms_panel
from ui_components.quotes_panel import quotes_panel
from ui_components.run import Run
from ui_components.save_as import save_as


@st.fragment
def out_panel(run: Run, shown: Transcript) -> None:
    """Offer `shown`, the text as the page shows it; a choice here redraws nothing else.

    While the list of pseudonyms cannot be read, nothing is offered: a name might go out with it.
    """
    desk = run.desk
    assert desk is not None, "a transcript that is shown has its desk"
    copying = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        saving, quoting = (st.container(width="content") for _ in range(2))
        names = pseudonyms_panel(desk, shown)
        keep_panel(desk)
    if names is None:
        copying.error(phrase("pseudonyms_wrong"), icon=":material/person_off:")
        return
    told = hidden(shown, names)
    with copying:
        copy_place = st.container(width="content")
        layout = layout_choice()
    with copy_place:
        copy_button(render(told, "txt", layout))
    with saving:
        save_as(told, layout)
    with quoting:
        quotes_panel(desk, shown, names)
    if names.codes:
        st.caption(f":material/person_off: {phrase('pseudonyms_on', n=len(names.codes))}")
    st.caption(phrase("clipboard_note"))
