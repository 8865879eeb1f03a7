"""Quotes: chosen, ticked once they were heard and checked, and saved with speaker and time."""

from __future__ import annotations

from functools import partial

import streamlit as st

from asr_core.editing.desk import Desk
from asr_core.editing.quotes import Quote, added, checked, ticked, without
from asr_core.export import MIME_TYPES, suggested_name
from asr_core.export.pseudonyms import Pseudonyms, hidden_quotes, hide
from asr_core.export.quotes import SHEET_FORMATS, Wording, quotable, sheet
from asr_core.pace import clock
from asr_core.result import Transcript
from ui_components.phrases import phrase
from ui_components.plain import plain

_SHOWN = 70  # characters of a sentence in the list to choose from


def quotes_panel(desk: Desk, shown: Transcript, names: Pseudonyms) -> None:
    """Show a button that opens the quotes of `desk`; those that are ticked can be saved."""
    opened = st.popover(
        phrase("quotes"), icon=":material/format_quote:", key="quotes", on_change="rerun"
    )
    if not opened.open:
        return
    with opened:
        for quote in desk.quotes:
            _quote(desk, quote)
        if not desk.quotes:
            st.caption(phrase("no_quotes"))
        _choice(desk, quotable(shown))
        if desk.quotes:
            _download(desk, shown.name, names)


def _quote(desk: Desk, quote: Quote) -> None:
    key = f"quote-{quote.start}-{quote.end}-{hash((quote.text, quote.speaker))}"

    def tick() -> None:
        desk.quotes = ticked(desk.quotes, quote, st.session_state[key])

    def remove() -> None:
        desk.quotes = without(desk.quotes, quote)

    with st.container(border=True, gap="xsmall"):
        st.markdown(f"“{plain(quote.text)}”")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(plain(_source(quote)))
            st.checkbox(phrase("quote_checked"), quote.checked, key=key, on_change=tick)
            st.button(
                phrase("quote_remove"),
                key=f"remove-{key}",
                icon=":material/delete:",
                type="tertiary",
                on_click=remove,
            )


def _source(quote: Quote) -> str:
    time = f"{clock(quote.start)}–{clock(quote.end)}"
    return f"{quote.speaker}, {time}" if quote.speaker else time


def _choice(desk: Desk, sentences: list[Quote]) -> None:
    st.selectbox(
        phrase("quote_choice"),
        range(len(sentences)),
        format_func=lambda place: _shortened(sentences[place]),
        key="quote_choice",
    )

    def add() -> None:
        place = st.session_state.quote_choice  # as it is at the click
        if place is not None:
            desk.quotes = added(desk.quotes, sentences[place])

    st.button(phrase("quote_add"), key="quote_add", icon=":material/add:", on_click=add)


def _shortened(quote: Quote) -> str:
    text = quote.text if len(quote.text) <= _SHOWN else f"{quote.text[:_SHOWN]}…"
    return f"{clock(quote.start)}  {text}"


def _download(desk: Desk, name: str, names: Pseudonyms) -> None:
    format_name = st.segmented_control(
        phrase("quote_sheet"),
        SHEET_FORMATS,
        default="docx",
        required=True,
        format_func=phrase,
        key="sheet_format",
    )
    wording = Wording(phrase("quotes_title", name="{name}"), phrase("quotes_checked"))
    told, name = hidden_quotes(desk.quotes, names), hide(name, names)
    has_checked = bool(checked(told))
    if not has_checked:
        st.caption(f":material/info: {phrase('quote_none_checked')}")
    st.download_button(
        phrase("download", name=format_name.upper()),
        data=partial(sheet, told, name, format_name, wording),
        file_name=suggested_name(phrase("quotes_file", name=name), format_name),
        mime=MIME_TYPES[format_name],
        key="download_quotes",
        icon=":material/download:",
        disabled=not has_checked,
        on_click="ignore",
    )
