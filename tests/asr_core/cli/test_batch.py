"""`sottovoce batch` with the bundled model: the texts are those of `transcribe`."""

import shutil

import pytest

from asr_core.cli import main


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
