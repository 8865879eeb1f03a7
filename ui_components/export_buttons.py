"""Save the transcript as a file, one button a format."""

from __future__ import annotations

from functools import partial

import streamlit as st

from asr_core.export import FORMATS, MIME_TYPES, render, suggested_name
from asr_core.result import Transcript


def export_buttons(transcript: Transcript) -> None:
    """Show a download button for each format.

    The file is made when it is asked for: given as bytes it would lie in the browser's disk cache
    without a click.
    """
    for format_name in FORMATS:
        st.download_button(
            format_name.upper(),
            data=partial(render, transcript, format_name),
            file_name=suggested_name(transcript.name, format_name),
            mime=MIME_TYPES[format_name],
            key=f"download-{format_name}",
            icon=":material/download:",
            on_click="ignore",
        )
