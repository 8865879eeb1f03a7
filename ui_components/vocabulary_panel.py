"""The names and terms a person wants written right."""

from __future__ import annotations

import streamlit as st

from asr_core.errors import AsrError
from asr_core.settings import Settings, settings_file
from asr_core.text.vocabulary import Vocabulary
from ui_components.phrases import phrase
from ui_components.told import told


def vocabulary_panel(saved: Settings) -> tuple[tuple[str, ...], bool]:
    """The lines of the list, and whether they are to be kept on disk.

    A line that cannot be used is said to be wrong and comes back as a comment: it is not lost, and
    it stops no recording.
    """
    text = st.text_area(
        phrase("vocabulary"),
        value="\n".join(saved.vocabulary),
        placeholder=phrase("vocabulary_example"),
        help=phrase("vocabulary_help"),
        key="vocabulary",
    )
    lines = text.splitlines()
    for number, line in enumerate(lines):
        try:
            # At its own place, so that the sentence names the right line.
            Vocabulary.parse([*[""] * number, line])
        except AsrError as error:
            st.error(phrase("line_left_out", reason=told(error)))
            lines[number] = f"# {line}"
    try:
        n_terms = len(Vocabulary.parse(lines).terms)
    except AsrError as error:  # too many
        st.error(told(error))
        return saved.vocabulary, saved.keep_vocabulary
    if n_terms:
        st.caption(phrase("one_term") if n_terms == 1 else phrase("n_terms", n=n_terms))
    keep = st.toggle(
        phrase("keep_vocabulary"),
        value=saved.keep_vocabulary,
        help=phrase("keep_vocabulary_help", file=settings_file()),
        key="keep_vocabulary",
    )
    return tuple(lines), keep
