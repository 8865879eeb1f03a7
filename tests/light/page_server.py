"""The real page in a process of its own, for the tests of many folders."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import psutil
import pytest

PROJECT = Path(__file__).resolve().parents[2]
LAUNCH = [sys.executable, "-c", "from ui_components.launch import main; main(browser=False)"]
FIRST_LINE = re.compile(r"http://127\.0\.0\.1:(\d+)/\?key=([\w-]{43,})\n")

# An environment that would open the page to the network, were it heard; and no clipboard.
ENVIRONMENT = {
    "STREAMLIT_SERVER_ADDRESS": "0.0.0.0",
    "STREAMLIT_SERVER_PORT": "8501",
    "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "true",
    "PYTHONPATH": str(PROJECT),
    "DISPLAY": "",
    "WAYLAND_DISPLAY": "",
}


def launch_with(loader: str = "light_engine:load", before: str = "") -> list[str]:
    """The command for a page whose worker has an engine of the tests.

    Args:
        loader: "module:function" that makes the engine.
        before: lines that run before the page is served, when `launch` has been imported.
    """
    lines = [
        "import sys",
        f"sys.path.append({str(Path(__file__).resolve().parent)!r})",
        "from asr_core.jobs import Recognizer",
        f"Recognizer.__init__.__kwdefaults__['loader'] = {loader!r}",
        "from ui_components import launch",
        before,
        "launch.main(browser=False)",
    ]
    return [sys.executable, "-c", "\n".join(lines)]


class PageServer:
    """The real page in a process of its own, and the start key it printed."""

    def __init__(
        self,
        folder: Path,
        command: Sequence[str] = LAUNCH,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.port, self.key, self.host = 0, "", ""
        self.process = subprocess.Popen(
            command,
            cwd=folder,  # not the project's: its config.toml must be found all the same
            env=os.environ | ENVIRONMENT | {"XDG_CONFIG_HOME": str(folder)} | (environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that all of it can be killed at once
        )

    def listen(self) -> None:
        """Wait until it has started."""
        assert self.process.stdout is not None
        found = FIRST_LINE.fullmatch(self.process.stdout.readline())
        if found is None:
            self.process.kill()
            pytest.fail(f"the page did not start:\n{self.process.communicate()[1]}")
        self.port, self.key = int(found[1]), found[2]
        self.host = f"127.0.0.1:{self.port}"

    def ask(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """The answer to a GET; its text is in `body`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=given)
        answer = connection.getresponse()
        answer.body = answer.read() if answer.status != 101 else b""
        connection.close()
        return answer

    @cached_property
    def cookie(self) -> str:
        """What it gives for its start key, once, as a Cookie header."""
        answer = self.ask(f"/?key={self.key}")
        assert answer.status == 303
        return answer.getheader("set-cookie").partition(";")[0]

    def end(self) -> tuple[str, str]:
        """Press Ctrl+C; gives what it still wrote to stdout and stderr."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=20)

    def kill(self) -> None:
        """End it and whatever it has started."""
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                child.kill()
        self.process.kill()
        self.process.communicate()
