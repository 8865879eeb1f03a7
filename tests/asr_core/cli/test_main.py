"""The command as a whole: quick help, exit codes, the page, the other commands."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from asr_core.cli import main
from asr_core.cli.doctor import (
    _ENCODERS,
    _added,
    _clipboard,
    _formats,
    _leftovers,
    _model,
    _settings,
)
from asr_core.errors import AsrError
from asr_core.settings import Settings

ROOT = Path(__file__).resolve().parents[3]

HELP = """
import sys
from asr_core.cli import main
try:
    main([*sys.argv[1:], "--help"])
except SystemExit as end:
    heavy = {"torch", "numpy", "streamlit", "transformers", "av", "librosa", "onnxruntime"}
    print(sorted(heavy & sys.modules.keys()), end.code)
"""


@pytest.mark.parametrize(
    "command",
    [[], ["transcribe"], ["serve"], ["app"], ["models"], ["train"], ["bench"], ["doctor"]],
)
def test_help_imports_nothing_heavy(command):
    run = subprocess.run(
        [sys.executable, "-c", HELP, *command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.endswith("[] 0\n")


def test_no_command_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 2
    assert "usage: sottovoce" in capsys.readouterr().err


@pytest.fixture
def page(monkeypatch):
    """The calls that the page's launcher gets, and what it answers with."""
    calls = []
    launch = ModuleType("ui_components.launch")
    launch.main = lambda port, browser: calls.append((port, browser))
    monkeypatch.setitem(sys.modules, "ui_components.launch", launch)
    return calls


@pytest.mark.parametrize(
    ("arguments", "call"),
    [([], (None, True)), (["--port", "8600"], (8600, True)), (["--no-browser"], (None, False))],
)
def test_app_starts_the_page(page, arguments, call):
    assert main(["app", *arguments]) == 0
    assert page == [call]


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_a_port_that_cannot_be_is_wrong_usage(page, port):
    with pytest.raises(SystemExit) as end:
        main(["app", "--port", port])
    assert (end.value.code, page) == (2, [])


def test_without_the_page_app_is_a_sentence(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ui_components.launch", None)
    assert main(["app"]) == 1
    assert "Error: The page is not installed here." in capsys.readouterr().err


def test_an_error_of_the_page_is_a_sentence_and_an_interrupt_is_130(monkeypatch, capsys):
    for error, code in ((AsrError("Port 1 is in use."), 1), (KeyboardInterrupt(), 130)):
        launch = ModuleType("ui_components.launch")

        def serve(port, browser, error=error):
            raise error

        launch.main = serve
        monkeypatch.setitem(sys.modules, "ui_components.launch", launch)
        assert main(["app"]) == code
    assert capsys.readouterr().err == "Error: Port 1 is in use.\nStopped.\n"


def test_the_doctor_reads_every_format_the_app_takes():
    from asr_core.audio import EXTENSIONS

    assert set(EXTENSIONS) == _ENCODERS.keys()
    finding = _formats()
    assert finding.well, finding.said


def test_the_doctor_asks_no_server_and_says_that_one_is_chosen(monkeypatch, tmp_path):
    address = "https://asr.example.org:8000"
    monkeypatch.setattr("asr_core.settings.settings_file", lambda: tmp_path / "settings.json")
    Settings(servers=(f"{address} s3cret",), engine=address).save()
    finding = _model()
    assert finding.said == f"sound leaves this computer for the server {address}; not tried"


def test_the_doctor_says_what_is_wrong(monkeypatch, tmp_path):
    import tempfile

    settings = tmp_path / "settings.json"
    settings.write_text("{")
    monkeypatch.setattr("asr_core.settings.settings_file", lambda: settings)
    assert not _settings().well
    assert "cannot be read" in _settings().said
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "sottovoce-999999999-left").write_text("")  # no process has such a number
    assert not _leftovers().well
    assert "sottovoce-999999999-left" in _leftovers().said
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    part = tmp_path / "sottovoce" / "models" / ".adding" / "mine" / "x"
    part.mkdir(parents=True)
    (part / "weights.part").write_text("half")
    assert _added().said.startswith("models that were added: none; not finished: mine")
    assert _clipboard().well  # to have none is no illness
