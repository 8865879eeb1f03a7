"""`sottovoce models` as a person uses it: the list and the cards; adding has tests of its own."""

from __future__ import annotations

import io

import pytest

from asr_core.cli import main
from asr_core.settings import Settings
from asr_core.store import catalogue


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("HF_ENDPOINT", raising=False)


@pytest.mark.parametrize("command", [["models"], ["models", "list"]])
def test_the_list_says_what_is_here_and_what_could_be(capsys, command):
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [entry.id for entry in catalogue()]
    assert "here, comes with it" in lines[0]
    assert "not here, 1.6 GB" in lines[1]


def test_info_shows_the_card_of_the_bundled_model(capsys):
    assert main(["models", "info"]) == 0
    out = capsys.readouterr().out
    assert "# sottovoce-base" in out
    assert "What it is bad at" in out


def test_info_says_what_is_known_and_from_whom(capsys):
    assert main(["models", "info", "qwen3-asr-0.6b"]) == 0
    out = capsys.readouterr().out
    for said in (
        "https://huggingface.co/Qwen/Qwen3-ASR-0.6B-hf",
        "7f1569a48a89f3e3f4dc3a5c9d28bddd903bc76c",
        "d3f212dd20abecd315d830bc54ae3865e56ebfc3276484e57b771288ba27fd35 model.safetensors",
        "Apache-2.0",
        "2.11 / 4.55 % (Qwen3-ASR README",
    ):
        assert said in out
    assert main(["models", "info", "firered-asr-aed-l"]) == 0
    assert "not pinned: the newest is fetched" in capsys.readouterr().out


def test_adding_and_removing_need_a_name(capsys):
    for command in (
        ["models", "add"],
        ["models", "remove"],
        ["models", "paint"],
        ["models", "export", "--onnx"],
        ["models", "export", "--output", "folder"],
    ):
        with pytest.raises(SystemExit) as end:
            main(command)
        assert end.value.code == 2


SERVER = "https://asr.example.org:8000"


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """Where settings are saved meanwhile."""
    path = tmp_path / "settings.json"
    monkeypatch.setattr("asr_core.settings.settings_file", lambda: path)
    return path


def test_a_server_is_allowed_after_a_yes_listed_and_forgotten(saved, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    assert main(["models", "add", SERVER]) == 1
    assert not saved.exists()
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert main(["models", "add", SERVER]) == 0
    assert "the sound of recordings leaves this computer for it" in capsys.readouterr().err
    assert Settings.load(saved).servers == (SERVER,)
    assert Settings.load(saved).server is None  # allowed is not chosen
    assert main(["models"]) == 0
    assert f"{SERVER} a server, allowed" in " ".join(capsys.readouterr().out.split())
    assert main(["models", "remove", SERVER]) == 0
    assert Settings.load(saved).servers == ()
    assert main(["models", "remove", SERVER]) == 1
    assert "is not on the list" in capsys.readouterr().err


def test_an_address_that_would_send_in_the_clear_is_not_allowed(saved, capsys):
    assert main(["models", "add", "--yes", "http://asr.example.org:8000"]) == 1
    assert "would get the sound in the clear" in capsys.readouterr().err
    assert not saved.exists()


def test_a_server_that_was_not_allowed_cannot_be_chosen(saved, capsys):
    with pytest.raises(SystemExit) as end:
        main(["transcribe", "talk.wav", "--model", SERVER])
    assert end.value.code == 2
    assert "is not on your list, so nothing is sent to it" in " ".join(
        capsys.readouterr().err.split()
    )
