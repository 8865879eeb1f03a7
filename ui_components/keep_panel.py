"""Keep the work on a transcript in one encrypted file."""

from __future__ import annotations

from datetime import date
from functools import partial

import streamlit as st

from asr_core.editing.desk import Desk
from asr_core.project import ENDING, Project, sealed
from ui_components.new_passphrase import new_passphrase
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
        passphrase = new_passphrase("passphrase")
        with_names = bool(desk.pseudonyms) and st.checkbox(
            phrase("keep_pseudonyms"), key="keep_pseudonyms"
        )
        project = Project(desk.current, desk.quotes, desk.pseudonyms if with_names else "")
        st.download_button(
            phrase("keep_save"),
            data=partial(_handed_over, desk, project, passphrase),
            file_name=f"{phrase('project_file')} {date.today():%Y-%m-%d}.{ENDING}",
            mime="application/octet-stream",
            key="download_project",
            icon=":material/download:",
            disabled=not passphrase,
            on_click="ignore",
        )


def _handed_over(desk: Desk, project: Project, passphrase: str) -> bytes:
    """The file, at the click; from then on the person has it."""
    data = sealed(project, passphrase)
    desk.keep(project.transcript, project.quotes)
    return data
