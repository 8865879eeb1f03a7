"""`sottovoce batch` with the bundled model: the texts are those of `transcribe`."""

import io
import shutil
import socket
import sys

import pytest

from asr_core.batch.plan import Address
from asr_core.cli import main
from asr_core.errors import AsrError
from asr_core.settings import Settings


@pytest.fixture
def folder(tmp_path, shared_folder, monkeypatch):
    monkeypatch.setattr("asr_core.settings.settings_file", lambda: tmp_path / "settings.json")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in ("asterisk-agent-incorrect", "synth-mix_15"):
        shutil.copy(shared_folder / "eval" / "audio" / f"{name}.flac", folder)
    return folder


def test_a_folder_is_written_down_as_its_recordings_are_one_by_one(folder, tmp_path, capsys):
    out = tmp_path / "texts"
    assert main(["batch", str(folder), "--out", str(out), "--jobs", "1"]) == 0
    assert "2 transcribed, 0 done before, 0 failed" in capsys.readouterr().err
    for recording in folder.iterdir():
        assert main(["transcribe", str(recording)]) == 0
        text = (out / f"{recording.name}.txt").read_text(encoding="utf-8")
        assert text == capsys.readouterr().out != ""
    assert main(["batch", str(folder), "--out", str(out)]) == 0
    assert "0 transcribed, 2 done before, 0 failed" in capsys.readouterr().err


def test_what_it_cannot_do_is_a_sentence(folder, tmp_path, capsys):
    (tmp_path / "a file").touch()
    assert main(["batch", str(folder), "--out", str(tmp_path / "a file")]) == 1
    assert "is a file" in capsys.readouterr().err
    assert main(["batch", str(tmp_path / "nowhere"), "--out", str(tmp_path)]) == 1
    assert "is no folder" in capsys.readouterr().err


@pytest.mark.parametrize("answer", ["", "no\n", "\n"])
def test_without_a_yes_nothing_goes_to_a_cluster(folder, tmp_path, capsys, monkeypatch, answer):
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    monkeypatch.setattr(Address, "knock", lambda address: pytest.fail("it went there"))
    out = tmp_path / "texts"
    line = ["batch", str(folder), "--out", str(out), "--cluster", "192.0.2.1:6379"]
    assert main(line) == 1
    said = capsys.readouterr().err
    assert "The recordings leave this computer for the Ray cluster at 192.0.2.1:6379" in said
    assert said.endswith("Nothing was sent.\n")
    assert not out.exists()


def test_a_server_and_its_token_go_to_no_cluster(folder, tmp_path, capsys, monkeypatch):
    given = []

    def noted(inputs, out, settings, *_):
        given.append(settings)
        raise AsrError("That is all.")

    monkeypatch.setattr("asr_core.batch.cluster.ClusterBatch", noted)
    server = "https://asr.example.org:8000"
    Settings(servers=(f"{server} s3cret",)).save()
    line = ["batch", str(folder), "--out", str(tmp_path / "texts"), "--yes"]
    line += ["--cluster", "192.0.2.1:6379"]
    assert main([*line, "--model", server]) == 1
    assert "A server and a cluster cannot both recognize" in capsys.readouterr().err
    assert main(line) == 1
    assert [settings.servers for settings in given] == [()]


@pytest.mark.parametrize("is_asked", [True, False])
def test_after_a_yes_a_cluster_that_does_not_answer_is_said(
    folder, tmp_path, capsys, monkeypatch, is_asked
):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n" if is_asked else ""))
    line = ["batch", str(folder), "--out", str(tmp_path / "texts"), "--cluster", address]
    assert main(line if is_asked else [*line, "--yes"]) == 1
    said = capsys.readouterr().err
    assert ("Send the recordings there?" in said) == is_asked
    assert f"Error: The cluster at {address} does not answer" in said
    assert not (tmp_path / "texts").exists()


def test_without_ray_the_extra_is_named(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    line = ["batch", str(folder), "--out", str(tmp_path / "texts"), "--yes"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert main([*line, "--cluster", f"127.0.0.1:{server.getsockname()[1]}"]) == 1
    assert "pip install -e .[cluster]" in capsys.readouterr().err
    assert main([*line, "--cluster", "ray://head:10001"]) == 1
    assert "is no address of a cluster" in capsys.readouterr().err


def test_yes_to_no_cluster_is_wrong_usage(folder, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["batch", str(folder), "--out", str(tmp_path / "texts"), "--yes"])
    assert "--yes belongs to --cluster" in capsys.readouterr().err
