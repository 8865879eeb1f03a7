"""Fixtures every test may use."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
from page_server import LAUNCH, PageServer

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


@pytest.fixture
def scripted_recognizer(monkeypatch, tmp_path):
    """The page's recognizer, which does what the test says; settings are the test's own."""
    from scripted import ScriptedRecognizer

    from asr_core import settings, speed
    from ui_components import runs, state

    made = []

    def make(held=None, experience=None):
        made.append(ScriptedRecognizer(held))
        return made[-1]

    monkeypatch.setattr(runs, "Recognizer", make)
    for module in (settings, speed):
        monkeypatch.setattr(module, "settings_file", lambda: tmp_path / "settings.json")
    state.runs.clear()
    state.runs()
    yield made[0]
    state.runs.clear()


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
        started[-1].listen()
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
