"""Keep the work on a transcript in one encrypted file."""

from __future__ import annotations

from datetime import date
from functools import partial

import streamlit as st

from asr_core.editing.desk import Desk
from asr_core.passphrase import SHORTEST, strength
from asr_core.project import ENDING, Project, sealed
from ui_components.phrases import phrase


def keep_panel(desk: Desk) -> None:
    """Show a button that opens the choice of a passphrase and the download of the project.

    The file's name says when and not what, since a name is not encrypted.
    """
    opened = st.popover(phrase("keep"), icon=":material/lock:", key="keep", on_change="rerun")
    if not opened.open:
        return
    with opened:
        st.caption(phrase("keep_help"))
        passphrase = _passphrase()
        with_names = bool(desk.pseudonyms) and st.checkbox(
            phrase("keep_pseudonyms"), key="keep_pseudonyms"
        )
        project = Project(desk.current, desk.quotes, desk.pseudonyms if with_names else "")
        st.download_button(
            phrase("keep_save"),
            data=partial(sealed, project, passphrase),
            file_name=f"{phrase('project_file')} {date.today():%Y-%m-%d}.{ENDING}",
            mime="application/octet-stream",
            key="download_project",
            icon=":material/download:",
            disabled=not passphrase,
            on_click="ignore",
        )


def _passphrase() -> str:
    """The passphrase, once it is long enough and the same twice; until then empty."""
    first = st.text_input(
        phrase("passphrase"), type="password", key="passphrase", autocomplete="off", live=True
    )
    how_strong = strength(first)
    if first:
        st.caption(phrase(f"strength_{how_strong}", n=SHORTEST))
    again = st.text_input(
        phrase("passphrase_again"),
        type="password",
        key="passphrase_again",
        autocomplete="off",
        live=True,
    )
    if again and again != first:
        st.caption(f":material/error: {phrase('passphrase_differs')}")
    return first if how_strong != "short" and first == again else ""
