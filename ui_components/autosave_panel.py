"""Turn the encrypted autosave on and off."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from asr_core.errors import AsrError
from asr_core.journal import folder
from ui_components.new_passphrase import new_passphrase
from ui_components.phrases import phrase
from ui_components.plain import plain
from ui_components.state import remember, runs, saved_settings
from ui_components.told import told

_KEY = "autosave_passphrase"


def autosave_panel() -> None:
    """Show whether texts are autosaved, what that means, and the way to change it.

    That it is wanted is remembered; its passphrase is not, so it is asked for after each start.
    """
    autosave = runs().autosave
    if autosave.on:
        label = "autosave_on"
    else:
        label = "autosave_waits" if saved_settings().autosave else "autosave"
    folded = st.expander(
        phrase(label), icon=":material/save_clock:", key="autosave", on_change="rerun"
    )
    if not folded.open:
        return
    with folded:
        st.caption(plain(phrase("autosave_help", folder=folder())))
        if autosave.on:
            st.button(phrase("autosave_stop"), key="autosave_stop", on_click=_turn_off)
        else:
            passphrase = new_passphrase(_KEY)
            st.button(
                phrase("autosave_start"),
                key="autosave_start",
                on_click=_turn_on,
                args=(passphrase,),
                disabled=not passphrase,
            )


def _turn_on(passphrase: str) -> None:
    try:
        runs().autosave.turn_on(passphrase)
    except AsrError as error:  # memory is short
        st.toast(told(error))
        return
    remember(replace(saved_settings(), autosave=True))


def _turn_off() -> None:
    runs().autosave.turn_off()
    remember(replace(saved_settings(), autosave=False))
