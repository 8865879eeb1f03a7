"""Serve the page on this computer only, and open it in the browser."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asr_core import limits
from asr_core.errors import AsrError
from asr_core.heap import use_one_arena
from asr_core.privacy import guard
from asr_core.privacy.offline import listening

if TYPE_CHECKING:
    from streamlit import App

APP = Path(__file__).resolve().parents[1] / "app.py"

ADDRESS = "127.0.0.1"

# Given to App.run(config=...), which outranks flags, environment and files.
PRIVATE: dict[str, Any] = {
    "server.address": ADDRESS,
    "server.allowedHosts": [ADDRESS, "localhost"],
    "server.headless": True,  # we open the browser ourselves, with the start key
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.xsrfCookieSameSite": "strict",
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.showEmailPrompt": False,
    "server.disconnectedSessionTTL": 20,  # the audio of a closed page is gone 30 s later
    "browser.serverAddress": ADDRESS,
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "logger.level": "warning",
    "logger.enableRich": False,
    "logger.hideWelcomeMessage": True,
}


def main(port: int | None = None, browser: bool = True) -> None:
    """Serve the page until it is interrupted; its address is the first line on stdout.

    Args:
        port: the port to listen on, None for any free one.
        browser: open the address in the browser of this computer.

    Raises:
        AsrError: the port is in use.
    """
    for name in [name for name in os.environ if name.startswith("STREAMLIT_")]:
        del os.environ[name]  # the environment outranks config.toml
    guard.stand()
    limits.hide_memory()
    use_one_arena()  # what is forgotten shall leave the memory
    if port is not None:
        _check_free(port)
    app = page_server(browser)
    sys.argv = [str(APP)]  # Streamlit looks for .streamlit/config.toml beside this
    with suppress(KeyboardInterrupt):  # Ctrl+C is how a server in a terminal ends
        app.run(config={**PRIVATE, "server.port": port or 0})


def page_server(browser: bool) -> App:
    """The Streamlit server behind the gate; it prints its address once it listens."""
    import uvicorn.config
    from starlette.formparsers import MultiPartParser
    from starlette.middleware import Middleware
    from streamlit import App, config

    from ui_components.answers import keep_answers
    from ui_components.browser import open_browser
    from ui_components.gate import Entrance, Gate
    from ui_components.last_time import serving
    from ui_components.purge import purging
    from ui_components.quiet import quiet_logs
    from ui_components.spoken import route

    quiet_logs()
    keep_answers()
    uvicorn.config.LOGGING_CONFIG["loggers"]["uvicorn"]["level"] = "WARNING"
    MultiPartParser.spool_max_size = 2**31  # an upload stays in memory, never in a temporary file
    entrance = Entrance()

    @asynccontextmanager
    async def lifespan(_: App) -> AsyncIterator[None]:
        port = config.get_option("server.port")
        try:
            _check_loopback(port)
        except AsrError as error:
            print(f"Error: {error}", file=sys.stderr, flush=True)
            os._exit(1)  # uvicorn would make a long story of an exception
        address = f"http://{ADDRESS}:{port}/?key={entrance.key}"
        print(address, flush=True)
        tempfile.gettempdir()  # which folder it is, Python finds out by writing there
        with serving():
            limits.forbid_files()  # not before: the lines above may go into files
            sys.dont_write_bytecode = True
            if browser:
                open_browser(address)
            with purging():
                yield

    return App(
        APP,
        routes=[route],
        middleware=[Middleware(Gate, entrance=entrance)],
        lifespan=lifespan,
        on_script_error=_apologize,
    )


def _apologize(error: Exception) -> bool:
    """Show one sentence in place of a traceback; True keeps Streamlit from adding its own."""
    import streamlit as st

    from ui_components.phrases import phrase
    from ui_components.plain import plain
    from ui_components.quiet import describe

    st.error(phrase("internal_error", what=plain(describe(error))), icon=":material/error:")
    return True


def _check_loopback(port: int) -> None:
    """Look at the sockets this process listens on, whatever was asked for.

    Raises:
        AsrError: one of them can be reached from elsewhere, or none is the page's.
    """
    found = listening()
    if found != [f"{ADDRESS}:{port}"]:
        raise AsrError(
            f"The page would listen on {', '.join(found) or 'nothing'} instead of {ADDRESS}:{port}"
            " alone, so it does not start. Look for settings of Streamlit on this computer."
        )


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except (OSError, OverflowError) as error:
            raise AsrError(
                f"Port {port} cannot be used. Choose another with --port, or leave --port out."
            ) from error
