"""Fixtures every test may use."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import psutil
import pytest

# Several threads a process fight for the cores when page, worker and browser run at once.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before a test imports onnxruntime itself

# A shell that starts the tests in the background has SIGINT ignored in them, and so in the programs
# that they start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the soaks out unless the command names them."""
    if "soak" not in (config.option.markexpr or ""):
        skip = pytest.mark.skip(reason="a soak: run it with -m soak")
        for item in items:
            if item.get_closest_marker("soak"):
                item.add_marker(skip)


PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder with golden vectors, evaluation audio and tools; only the developers have it."""
    if not SHARED.is_dir():
        pytest.skip("needs the developers' shared folder beside the project")
    return SHARED


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


class PageServer:
    """The real page in a process of its own, and the start key it printed."""

    def __init__(self, folder: Path, command: Sequence[str]) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            command,
            cwd=folder,  # not the project's: its config.toml must be found all the same
            env=os.environ | ENVIRONMENT | {"XDG_CONFIG_HOME": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
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


@pytest.fixture(scope="session")
def launch_page(tmp_path_factory):
    """Starts page servers, each with a settings folder of its own.

    `command` starts the server, in `folder`; `settings` is what is saved there before.
    """
    started = []

    def launch(
        folder: Path | None = None, command: Sequence[str] = LAUNCH, settings: str | None = None
    ) -> PageServer:
        folder = folder or tmp_path_factory.mktemp("page")
        if settings is not None:
            (folder / "sottovoce").mkdir()
            (folder / "sottovoce" / "settings.json").write_text(settings, encoding="utf-8")
        started.append(PageServer(folder, command))
        return started[-1]

    yield launch
    for server in started:
        server.kill()


@pytest.fixture(scope="session")
def page_server(launch_page) -> PageServer:
    """The one page server that most tests use."""
    return launch_page()


@pytest.fixture(scope="session")
def page_cookie(page_server) -> str:
    """What the page server gave for its start key, as a Cookie header."""
    return page_server.cookie
