"""The models that were added: found, verified, removed, and not taken for whole when not."""

from __future__ import annotations

import json

import pytest

from asr_core.cli import main
from asr_core.errors import ModelError
from asr_core.store import model_folder, shelf, shelved
from asr_core.store.shelf import Content, Shelved, checked_path, put_up


@pytest.fixture
def model(models_folder):
    """A model of two files, put up."""
    folder = models_folder / shelf.ADDING / "mine" / "carried"
    (folder / "part").mkdir(parents=True)
    (folder / "config.json").write_bytes(b"{}")
    (folder / "part" / "weights").write_bytes(bytes(100_000))
    files = {
        name: Content((folder / name).stat().st_size, shelf.sha256(folder / name))
        for name in ("config.json", "part/weights")
    }
    put_up(folder, Shelved("mine", "a stick", None, "nothing", files))
    return shelf.find("mine")


def test_a_model_is_found_with_what_its_manifest_says(model, models_folder):
    assert shelved() == [model]
    assert model_folder("mine") == model.folder == models_folder / "mine"
    assert model.n_bytes == 100_002
    assert model_folder("other") is None
    assert model_folder("qwen3-asr-0.6b") is None


@pytest.mark.parametrize("name", ["config.json", "part/weights"])
def test_one_changed_bit_is_found(model, capsys, name):
    assert main(["models", "verify", "mine"]) == 0
    assert "100.0 kB, 2 files: whole" in capsys.readouterr().out.replace("100 kB", "100.0 kB")
    data = bytearray((model.folder / name).read_bytes())
    data[-1] ^= 1
    (model.folder / name).write_bytes(data)
    assert main(["models", "verify", "mine"]) == 1
    assert f"DAMAGED: {name} was changed" in capsys.readouterr().out


@pytest.mark.parametrize("size", [None, 0, 99_999, 100_001])
def test_a_file_that_is_gone_or_cut_is_no_engine_s_model(model, size, capsys):
    path = model.folder / "part" / "weights"
    path.write_bytes(bytes(size or 0))
    if size is None:
        path.unlink()
    with pytest.raises(ModelError, match="part/weights is missing or was changed"):
        model_folder("mine")
    assert main(["models", "verify", "mine"]) == 1
    assert "DAMAGED" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", "null", '{"format": 2}', '{"format": 1, "files": {}}', "[" * 50_000,
        '{"format": 1, "files": {"a": 1}}', '{"format": 1, "files": {"a": {"size": 1}}}',
        '{"format": 1, "files": {"../a": {"size": 1, "sha256": "%s"}}}' % ("0" * 64),
        '{"format": 1, "files": {"a": {"size": -1, "sha256": "%s"}}}' % ("0" * 64),
        '{"format": 1, "files": {"a": {"size": 1, "sha256": "%s"}}}' % ("0" * 64),
    ],
)  # fmt: skip
def test_a_manifest_that_makes_no_sense_makes_no_model(model, text):
    (model.folder / shelf.MANIFEST).write_text(text)
    assert shelved() == []
    with pytest.raises(ModelError, match="The manifest of the model mine cannot be read"):
        model_folder("mine")
    shelf.remove("mine")  # such a one can still be removed
    assert not model.folder.exists()


def test_a_folder_under_another_name_is_no_model(model, models_folder):
    model.folder.rename(models_folder / "yours")
    assert shelved() == []


def test_a_folder_without_a_manifest_is_no_model(model):
    (model.folder / shelf.MANIFEST).unlink()
    assert shelved() == []
    assert model_folder("mine") is None


def test_removing_frees_its_bytes_and_leaves_the_others(model, capsys, models_folder):
    manifest = (model.folder / shelf.MANIFEST).stat().st_size
    assert shelf.remove("mine") == 100_002 + manifest
    assert [path.name for path in models_folder.iterdir()] == [shelf.ADDING]
    assert shelved() == []
    for name, sentence in [
        ("mine", "is not on this computer"),
        ("sottovoce-base", "comes with Sottovoce and stays"),
        ("../..", "is no name of a model"),
    ]:
        assert main(["models", "remove", name]) == 1
        assert sentence in capsys.readouterr().err


def test_verify_and_info_of_what_is_not_here_are_sentences(models_folder, capsys):
    assert main(["models", "verify", "qwen3-asr-0.6b"]) == 1
    assert "is not on this computer" in capsys.readouterr().err
    assert main(["models", "info", "whisper-huge"]) == 1
    assert "There is no model 'whisper-huge'" in capsys.readouterr().err


def test_a_path_stays_in_its_folder_on_every_system():
    for path in ("a", "a/b.c", "模型/a b"):
        assert checked_path(path) == path
    for path in (
        "", ".", "..", "/a", "a/", "a//b", "./a", "a/../b", "a\\b", "C:a", "c:/a", "a:b", "a\0",
        "a\n", "a?", "//host/a", "a/./b",
    ):  # fmt: skip
        with pytest.raises(ValueError, match="is no path within a folder"):
            checked_path(path)


def test_a_manifest_says_what_it_is_of(model):
    data = json.loads((model.folder / shelf.MANIFEST).read_text("utf-8"))
    assert (data["format"], data["id"], data["source"]) == (1, "mine", "a stick")
