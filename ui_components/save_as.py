"""Save the transcript as a file, after a look at how it begins."""

from __future__ import annotations

from functools import partial

import streamlit as st

from asr_core.export import FORMATS, MIME_TYPES, Layout, as_file, suggested_name
from asr_core.export.preview import preview
from asr_core.result import Transcript
from ui_components.phrases import phrase

_LAID_OUT = ("txt", "md", "docx")


def save_as(told: Transcript, layout: Layout) -> None:
    """Show a button that opens the choice of format, its preview and its download.

    The file is made when it is asked for: given as bytes it would lie in the browser's disk cache
    without a click.
    """
    opened = st.popover(
        phrase("save_as"), icon=":material/download:", key="save_as", on_change="rerun"
    )
    if not opened.open:
        return
    with opened:
        format_name = st.segmented_control(
            phrase("format"),
            FORMATS,
            default="txt",
            required=True,
            format_func=phrase,
            key="format",
        )
        st.caption(phrase("included", what=_held(told, format_name, layout)))
        name = suggested_name(told.name, format_name)
        st.download_button(
            phrase("download", name=format_name.upper()),
            data=partial(as_file, told, format_name, layout),
            file_name=name,
            mime=MIME_TYPES[format_name],
            key="download",
            icon=":material/download:",
            help=phrase("saved_by_browser"),
            on_click="ignore",
        )
        with st.container(border=True):
            st.text(preview(told, format_name, layout))


def _held(told: Transcript, format_name: str, layout: Layout) -> str:
    """What a file in this format holds, in words."""
    if format_name == "json":
        return phrase("includes_all")
    if format_name not in _LAID_OUT:
        return phrase("includes_cues")
    has_speakers = layout.speakers and any(segment.speaker for segment in told.segments)
    held = {
        "includes_title": format_name == "docx",
        "includes_text": True,
        "includes_times": layout.times,
        "includes_speakers": has_speakers,
    }
    return " · ".join(phrase(part) for part, is_held in held.items() if is_held)
