"""What the autosave has to say at the head of the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from asr_core.errors import AsrError
from asr_core.journal import delete, load, unfinished
from asr_core.project import Project
from ui_components.phrases import phrase
from ui_components.state import round_number, runs, session_id
from ui_components.told import told

_LOOK_EVERY = 2.0  # seconds


def autosave_notice(is_idle: bool) -> None:
    """Say that texts cannot be saved; on the idle page offer those that wait for their passphrase.

    Whoever opens them wants them to be safe again: the autosave is turned on with that passphrase.
    """
    if runs().autosave.on:
        st.fragment(_problem, run_every=_LOOK_EVERY)()
    if is_idle and (paths := unfinished()):
        _offer(paths)


def _problem() -> None:
    problem = runs().autosave.problem
    if problem:
        st.warning(told(problem), icon=":material/sync_problem:")


def _offer(paths: Sequence[Path]) -> None:
    with st.container(border=True, key="unfinished"):
        n = len(paths)
        st.markdown(f"**{phrase('unfinished_one') if n == 1 else phrase('unfinished', n=n)}**")
        with st.form(f"unfinished-{round_number()}", border=False):
            passphrase = st.text_input(
                phrase("passphrase"), type="password", key="unfinished_passphrase",
                autocomplete="off",
            )  # fmt: skip
            wants_to_open = st.form_submit_button(phrase("open"), key="unfinished_open")
        with st.popover(phrase("unfinished_delete"), icon=":material/delete:"):
            st.caption(phrase("unfinished_delete_help"))
            wants_to_delete = st.button(phrase("unfinished_delete_now"), key="unfinished_delete")
        try:
            if wants_to_open:
                _open(paths, passphrase)
            if wants_to_delete:
                for path in paths:
                    delete(path)
        except AsrError as error:
            st.error(told(error))
            return
    if wants_to_open or wants_to_delete:
        st.rerun()


def _open(paths: Sequence[Path], passphrase: str) -> None:
    """Show all that this passphrase opens.

    Raises:
        AsrError: it opens none.
    """
    opened: dict[Path, Project] = {}
    refusals: list[AsrError] = []
    for path in paths:
        try:
            opened[path] = load(path, passphrase)
        except AsrError as error:
            refusals.append(error)
    if not opened:
        raise refusals[0]
    runs().autosave.turn_on(passphrase)
    for path, project in opened.items():
        runs().show(project, session_id(), recovered_from=path)
