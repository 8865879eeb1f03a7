"""`sottovoce serve`: who may reach it; the whole of it, with the bundled model, is a soak."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from asr_core.cli import main
from asr_core.engines.server.client import TOKEN
from asr_core.text.score import scored_tokens

ROOT = Path(__file__).resolve().parents[3]
SPEECH = ROOT / "tests" / "recordings" / "english-then-mandarin.flac"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """No settings and no token of whoever runs the tests."""
    monkeypatch.setattr("asr_core.settings.settings_file", lambda: tmp_path / "settings.json")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(TOKEN, raising=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
@pytest.mark.parametrize("token", ["", "too short"])
def test_off_loopback_it_does_not_start_without_a_token(host, token, monkeypatch, capsys):
    monkeypatch.setenv(TOKEN, token)
    assert main(["serve", "--host", host]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"Other computers could reach {host}, so it needs a token" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "example.org"], "is no address of this computer"),
        (["--certificate", __file__], "and its key cannot be used"),
        (["--certificate", "gone.pem"], "'gone.pem' and its key cannot be used: No such file"),
    ],
)
def test_what_cannot_be_is_one_sentence(arguments, said, capsys):
    assert main(["serve", *arguments]) == 1
    assert said in capsys.readouterr().err


def test_a_port_that_is_taken_is_one_sentence(capsys):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--port", port]) == 1
    assert f"Cannot listen on 127.0.0.1, port {port}" in capsys.readouterr().err


def test_a_server_is_not_served_on(tmp_path, capsys):
    address = "https://asr.example.org:8000"
    (tmp_path / "settings.json").write_text(json.dumps({"servers": [address]}))
    assert main(["serve", "--model", address]) == 1
    assert "A server cannot be served on" in capsys.readouterr().err


def free_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as door:
        return door.getsockname()[1]


@pytest.mark.soak
@pytest.mark.skipif(os.name == "nt", reason="interrupts as POSIX does")
def test_both_commands_together_with_the_bundled_model(tmp_path):
    """A recording by way of a server of ours reads as it does without one."""
    command = [sys.executable, "-m", "asr_core"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    log = tmp_path / "stderr.txt"
    with log.open("w") as stderr:
        server = subprocess.Popen(
            [*command, "serve", "--port", str(free_port())],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip
    assert server.stdout is not None
    try:
        address = server.stdout.readline().strip()
        listed = json.load(urllib.request.urlopen(f"{address}/v1/models", timeout=60))
        assert listed["data"][0]["id"] == "sottovoce-base"
        (tmp_path / "sottovoce").mkdir()
        saved = json.dumps({"servers": [address]})
        (tmp_path / "sottovoce" / "settings.json").write_text(saved)

        def text_by(*model):
            done = subprocess.run(
                [*command, "transcribe", SPEECH, *model],
                cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return done

        far, near = text_by("--model", address), text_by()
        folder, out = tmp_path / "recordings", tmp_path / "texts"
        folder.mkdir()
        shutil.copy(SPEECH, folder)
        batch = subprocess.run(
            [*command, "batch", folder, "--out", out, "--model", address],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        assert batch.returncode == 0, batch.stderr
        assert (out / f"{SPEECH.name}.txt").read_text("utf-8") == far.stdout
        assert f"The sound left this computer for {address}." in far.stderr
        assert "left this computer" not in near.stderr
        print(f"\nby the server: {far.stdout}\nhere: {near.stdout}")
        assert scored_tokens(far.stdout) == scored_tokens(near.stdout)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)
        server.stdout.close()
    assert server.returncode in (130, -signal.SIGINT)
    assert log.read_text() in ("Stopped.\n", "")
