"""The red badge: sound leaves this computer, and for which address."""

from __future__ import annotations

import streamlit as st

from asr_core.servers import Server
from ui_components.phrases import phrase
from ui_components.plain import plain
from ui_components.state import runs_here, saved_settings


def server_badge() -> None:
    """Show it for the server that is chosen and those that runs here are at: mostly none."""
    chosen = chosen_server()
    running = [run.job.settings.server for run in runs_here() if run.job.running]
    addresses = [server.address for server in (chosen, *running) if server is not None]
    for address in dict.fromkeys(addresses):
        st.badge(
            phrase("leaves", address=plain(address)), icon=":material/cell_tower:", color="red"
        )


def chosen_server() -> Server | None:
    """The server among the choices on this page, also where the script has not come to them yet."""
    saved = saved_settings()
    chosen = st.session_state.get("model", saved.engine)
    servers = map(Server.parse, saved.servers)
    return next((server for server in servers if server.address == chosen), None)
