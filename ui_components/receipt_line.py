"""What stays on this computer after a run."""

from __future__ import annotations

import streamlit as st

from asr_core.privacy.receipt import Receipt
from ui_components.leftovers import played_bytes, uploaded_bytes
from ui_components.phrases import phrase, size
from ui_components.run import Run
from ui_components.state import held_bytes, runs
from ui_components.told import told


def receipt_line(run: Run) -> None:
    """Say what is still held, counted just now, and what the last re-check found."""
    held = uploaded_bytes() + max(played_bytes(), held_bytes())
    with st.container(border=True, gap="xsmall"):
        st.markdown(f":material/lock: **{phrase('stays')}**")
        st.caption(phrase("stays_audio", size=size(held)) if held else phrase("stays_text"))
        if runs().autosave.on:
            st.caption(phrase("stays_autosaved"))
        if run.job.receipt is not None:
            st.caption(after_the_run(run.job.receipt))
            for finding in run.job.receipt.findings:
                st.warning(told(finding))


def after_the_run(receipt: Receipt) -> str:
    """The re-check of the worker and the disk, in one sentence."""
    return phrase(
        "receipt",
        removed=size(receipt.bytes_removed),
        left=size(receipt.bytes_left),
        time=f"{receipt.checked_at.astimezone():%H:%M:%S}",
    )
