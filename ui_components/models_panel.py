"""The models: which are here, which can be had, and the yes without which none is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from asr_core.errors import AsrError
from asr_core.store import Entry, Shelved, catalogue, hub, shelf
from asr_core.store.adding import Adding
from asr_core.store.catalogue import BUNDLED
from ui_components.phrases import page_language, phrase, size
from ui_components.plain import plain
from ui_components.servers_panel import servers_panel
from ui_components.told import told
from ui_components.watch import watch

_LIST_EVERY = 0.5  # seconds, while one is on its way


@st.cache_resource(show_spinner=False)
def _comings() -> list[Adding]:
    """What all pages of this process are adding, and what has not been told since it ended."""
    return []


def models_panel() -> None:
    """Show a folded box: choose a model, read about it, add it, check it, remove it."""
    folded = st.expander(
        phrase("models"), icon=":material/deployed_code:", key="models", on_change="rerun"
    )
    if not folded.open:
        return
    with folded:
        st.caption(phrase("models_about"))
        _tell_comings()
        here = {model.id: model for model in shelf.shelved()}
        known = {entry.id: entry for entry in catalogue()}
        name = st.selectbox(
            phrase("model_choice"),
            list(known | here),
            key="shelf_choice",
        )
        st.caption(_state(name, known.get(name), here))
        if name in known:
            _about(known[name])
        if name in here:
            _kept(here[name])
        elif name in known:
            _offer(known[name])
        _carried()
        servers_panel()


def _state(name: str, entry: Entry | None, here: dict[str, Shelved]) -> str:
    if name == BUNDLED:
        return phrase("model_bundled")
    if name in here:
        return phrase("model_here", size=size(here[name].n_bytes))
    if any(coming.name == name for coming in _comings()):
        return phrase("model_coming")
    assert entry is not None, "what is not here is in the catalogue"
    return phrase("model_absent", size=size(entry.disk))


def _about(entry: Entry) -> None:
    language = page_language()
    st.markdown(plain(entry.good_for[language]))
    facts = [
        phrase("model_languages", languages=", ".join(entry.languages)),
        phrase("model_memory", size=size(entry.memory), about=entry.memory_about[language]),
        phrase("model_license", license=entry.license),
        *(f"{each.what[language]}: {each.value} ({each.source})" for each in entry.figures),
    ]
    st.markdown("\n".join(f"- {plain(fact)}" for fact in facts))
    if entry.kind == "aligner":
        st.caption(phrase("model_aligner"))
    if not entry.runs:
        st.caption(phrase("model_no_engine"))


def _offer(entry: Entry) -> None:
    """The way to fetch it: a button that says what from where, and in it the yes."""
    if entry.id == BUNDLED or any(coming.name == entry.id for coming in _comings()):
        return
    if entry.hub is None:
        st.caption(phrase("model_no_hub"))
        return
    part = shelf.begun().get(entry.id)
    if part:
        st.caption(phrase("model_cut", size=size(part)))
    label = phrase("model_continue" if part else "model_add")
    with st.popover(label, icon=":material/download:"):
        try:
            address = hub.address_of(entry)
        except AsrError as error:
            st.error(told(error))
            return
        st.markdown(plain(phrase("model_offer", size=size(entry.disk), license=entry.license)))
        st.code(address, language=None)  # no link: looking there is a way out of its own
        st.markdown(phrase("model_seen"))
        if entry.revision is None:
            st.caption(phrase("model_unpinned"))
        if st.button(phrase("model_yes"), key="model_yes"):
            _comings().append(Adding.from_hub(entry))
            st.rerun()


def _tell_comings() -> None:
    """What is on its way, with a button to stop it; how it ended, once."""
    ended = [coming for coming in _comings() if not coming.running]
    for coming in ended:
        _comings().remove(coming)
    running = list(_comings())
    watch(partial(_progress, running), _LIST_EVERY, partial(_has_ended, running), ended=not running)
    for coming in ended:
        if coming.error is not None:
            st.error(told(coming.error), icon=":material/error:")
        elif coming.id is not None:
            key = "model_added_unchecked" if coming.checked == "nothing" else "model_added"
            st.success(plain(phrase(key, name=coming.id)), icon=":material/check:")


def _has_ended(comings: Sequence[Adding]) -> bool:
    return not all(coming.running for coming in comings) or not comings


def _progress(comings: Sequence[Adding]) -> None:
    for coming in comings:
        with st.container(horizontal=True, vertical_alignment="center"):
            said = phrase("model_starting", name=coming.name)
            if coming.total:
                done, total = size(coming.done), size(coming.total)
                said = phrase("model_progress", name=coming.name, done=done, total=total)
            st.progress(coming.fraction, text=plain(said))
            st.button(
                phrase("model_stop"),
                key=f"stop-{coming.name}",
                icon=":material/stop_circle:",
                on_click=coming.stop,
            )


def _kept(model: Shelved) -> None:
    """What can be done with one that is here."""
    with st.container(horizontal=True):
        check = st.button(phrase("model_verify"), key="model_verify", icon=":material/fact_check:")
        with st.popover(phrase("model_remove"), icon=":material/delete:"):
            st.markdown(phrase("model_remove_ask", size=size(model.n_bytes)))
            remove = st.button(phrase("model_remove_yes"), key="model_remove_yes")
    if check:
        with st.spinner(phrase("model_verifying", size=size(model.n_bytes))):
            faults = shelf.faults(model)
        if faults:
            st.error(phrase("model_damaged", faults="; ".join(map(told, faults))))
        else:
            st.success(phrase("model_whole"), icon=":material/check:")
    if remove:
        try:
            shelf.remove(model.id)
        except AsrError as error:
            st.error(told(error))
        else:
            st.rerun()


def _carried() -> None:
    """The way without any network: a folder or an archive from a stick."""
    with st.form("carried_model", border=False):
        path = st.text_input(
            phrase("model_carried"), key="model_path", help=phrase("model_carried_help")
        ).strip()
        if st.form_submit_button(phrase("model_copy")) and path:
            _comings().append(Adding.carried(Path(path).expanduser()))
            st.rerun()
