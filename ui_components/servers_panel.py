"""The list of servers that sound may leave this computer for: allow one, forget one."""

from __future__ import annotations

import streamlit as st

from asr_core.errors import AsrError
from asr_core.servers import Server
from ui_components.phrases import phrase
from ui_components.plain import plain
from ui_components.state import remember, runs, saved_settings
from ui_components.told import told


def servers_panel() -> None:
    """Show the list, empty unless a person put something on it, and the form to do so."""
    st.markdown(f"**{phrase('servers')}**")
    st.caption(phrase("servers_about"))
    for server in map(Server.parse, saved_settings().servers):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(plain(server.address))
            st.button(
                phrase("server_forget"),
                key=f"forget-{server.address}",
                icon=":material/delete:",
                on_click=_forget,
                args=(server.address,),
            )
    with st.form("server", border=False):
        address = st.text_input(
            phrase("server_address"), key="server_address", help=phrase("server_address_help")
        )
        token = st.text_input(phrase("server_token"), key="server_token", type="password")
        if st.form_submit_button(phrase("server_allow")) and address.strip():
            try:
                server = Server.parse(f"{address.strip()} {token}".strip())
            except AsrError as error:
                st.error(told(error))
            else:
                remember(saved_settings().allowing(server))
                st.rerun()


def _forget(address: str) -> None:
    """Also where it is the chosen one: then the bundled model is, and its worker reaches nobody."""
    before = saved_settings()
    settings = before.forgetting(address)
    st.session_state.model = settings.engine
    remember(settings)
    runs().forget_server(address)
    if settings.loaded != before.loaded:
        runs().prepare(settings)
