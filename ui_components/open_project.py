"""Open a project that was kept."""

from __future__ import annotations

import streamlit as st

from asr_core.errors import AsrError
from asr_core.project import ENDING, Project, opened
from ui_components.leftovers import take
from ui_components.phrases import phrase
from ui_components.state import round_number
from ui_components.told import told

MAX_SIZE_MB = 100


def open_project() -> Project | None:
    """The project the person just opened with its passphrase, None while there is none."""
    folded = st.expander(
        phrase("open_project"),
        icon=":material/folder_open:",
        key=f"open-{round_number()}",
        on_change="rerun",
    )
    if not folded.open:
        return None
    with folded, st.form(f"project-{round_number()}", border=False):
        upload = st.file_uploader(
            phrase("project_upload"),
            type=[ENDING],
            max_upload_size=MAX_SIZE_MB,
            key=f"project-file-{round_number()}",
        )
        passphrase = st.text_input(
            phrase("passphrase"),
            type="password",
            autocomplete="off",
            key=f"project-passphrase-{round_number()}",
        )
        if not st.form_submit_button(phrase("open")) or upload is None:
            return None
    try:
        project = opened(upload.getvalue(), passphrase)
    except AsrError as error:
        folded.error(told(error))
        return None
    take(upload)
    return project
