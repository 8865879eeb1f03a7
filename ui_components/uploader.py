"""Where recordings come in: dropped, chosen, or a whole folder."""

from __future__ import annotations

import streamlit as st

from asr_core.audio import EXTENSIONS
from asr_core.audio.naming import shown_name
from ui_components.leftovers import take
from ui_components.phrases import phrase
from ui_components.run import Source
from ui_components.state import round_number

MAX_SIZE_MB = 1000


def uploader(disabled: bool = False) -> list[Source]:
    """The recordings the person just gave, in the order of a folder or of dropping.

    Their bytes are taken out of Streamlit's upload store, after all has been drawn: nothing may
    interrupt the script before they are in line. The next round gets empty widgets.
    """
    is_folder = st.session_state.get("folder", False)
    given = st.file_uploader(
        phrase("upload_folder" if is_folder else "upload"),
        type=list(EXTENSIONS),
        accept_multiple_files="directory" if is_folder else True,
        max_upload_size=MAX_SIZE_MB,
        key=f"upload-{'folder' if is_folder else 'files'}-{round_number()}",
        disabled=disabled,
    )
    st.toggle(phrase("folder"), key="folder", disabled=disabled)
    if is_folder:
        given = sorted(given, key=lambda upload: upload.name)
    return [
        Source(shown_name(upload.name), take(upload), upload.type or "audio/wav")
        for upload in given
    ]
