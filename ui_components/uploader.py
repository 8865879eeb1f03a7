"""Where a recording comes in: dropped, chosen or spoken into the microphone."""

from __future__ import annotations

import streamlit as st

from asr_core.audio.decode import EXTENSIONS
from asr_core.audio.naming import shown_name
from ui_components.leftovers import take
from ui_components.phrases import phrase
from ui_components.state import Source, round_number

MAX_SIZE_MB = 1000


def uploader() -> Source | None:
    """The recording the person just gave, None while there is none.

    Its bytes are taken out of Streamlit's upload store, and the next round gets empty widgets.
    """
    upload = st.file_uploader(
        phrase("upload"),
        type=list(EXTENSIONS),
        max_upload_size=MAX_SIZE_MB,
        key=f"upload-{round_number()}",
    )
    spoken = st.audio_input(
        phrase("record"),
        sample_rate=16_000,
        key=f"record-{round_number()}",
        help=phrase("consent"),
    )
    given = upload or spoken
    if given is None:
        return None
    return Source(shown_name(given.name), take(given), given.type or "audio/wav")
