"""A pickle among what is to be added: asked about by name, agreed to by digest, opened by none."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from importlib.util import find_spec

import pytest
from modelopt_folders import STATE, pretend_installed, trap

from asr_core.cli import main
from asr_core.errors import ModelError
from asr_core.store import pickled, shelf, shelved

CONFIG = b'{"model_type": "qwen3_asr"}'


@pytest.fixture
def theirs(tmp_path):
    """A folder of made-up files, with a pickle that would leave a file behind."""
    folder = tmp_path / "stick" / "Qwen3-ASR-int8"
    folder.mkdir(parents=True)
    (folder / "config.json").write_bytes(CONFIG)
    (folder / STATE).write_bytes(trap(tmp_path / "trapped"))
    yield folder
    assert not (tmp_path / "trapped").exists()


@pytest.fixture
def package(monkeypatch, tmp_path):
    pretend_installed(monkeypatch, tmp_path / "site")


@pytest.fixture
def add(models_folder, monkeypatch, theirs):
    """The command, and what the person types."""

    def add(*arguments, typed="yes\n", path=theirs):
        answers = io.StringIO(typed) if isinstance(typed, str) else typed
        monkeypatch.setattr("sys.stdin", answers)
        return main(["models", "add", str(path), "--name", "theirs", *arguments])

    return add


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.skipif(find_spec("modelopt") is not None, reason="nvidia-modelopt is installed here")
def test_without_the_package_nobody_is_asked(add, capsys):
    assert add() == 1
    said = capsys.readouterr().err
    for term in ("sottovoce models convert FOLDER", "pip install -e .[modelopt]"):
        assert term in said
    assert "Type" not in said
    assert shelved() == []


def test_the_question_names_the_file_and_a_no_adds_nothing(package, add, theirs, capsys):
    for typed, arguments in (("no\n", ()), ("", ("--yes",))):
        assert add(*arguments, typed=typed) == 1
        said = capsys.readouterr().err
        for term in (STATE, digest(theirs / STATE), "may hold a program", "simulates", "convert"):
            assert term in said
        assert said.endswith("Nothing was added.\n")
        assert (shelved(), shelf.begun()) == ([], {})


def test_after_a_yes_the_model_says_what_was_agreed_to(package, add, theirs, capsys):
    assert add() == 0
    (model,) = shelved()
    assert model.agreed == digest(theirs / STATE) == digest(model.folder / STATE)
    assert main(["models", "info", "theirs"]) == 0
    assert f"agreed    {STATE}, {model.agreed}" in capsys.readouterr().out
    pickled.check_agreed(model.folder)


def test_an_archive_is_asked_about_too(package, add, theirs, tmp_path):
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        for path in theirs.iterdir():
            archive.write(path, f"model/{path.name}")
    assert add(path=tmp_path / "model.zip", typed="no\n") == 1
    assert add(path=tmp_path / "model.zip") == 0
    assert shelved()[0].agreed == digest(theirs / STATE)


def test_a_file_that_changes_while_one_thinks_is_not_taken(package, add, theirs, capsys):
    class Slow(io.StringIO):
        def readline(self, *_):
            (theirs / STATE).write_bytes(b"another")
            return "yes\n"

    assert add(typed=Slow()) == 1
    assert "holds no modelopt_state.pth that was agreed to" in capsys.readouterr().err
    assert (shelved(), shelf.begun()) == ([], {})


def test_a_yes_does_not_travel(package, add, models_folder, tmp_path):
    assert add() == 0
    stick = shutil.copytree(models_folder / "theirs", tmp_path / "stick" / "copy")
    with pytest.raises(ModelError, match="say yes to the file on the command line"):
        pickled.check_agreed(stick)  # its manifest says that somebody did
    shelf.remove("theirs")
    assert add(path=stick, typed="no\n") == 1
    assert shelved() == []


def test_another_file_in_its_place_is_not_opened(package, add, models_folder):
    assert add() == 0
    folder = models_folder / "theirs"
    (folder / STATE).write_bytes(b"another")
    with pytest.raises(ModelError, match="is not the one that was agreed to"):
        pickled.check_agreed(folder)
    manifest = json.loads((folder / shelf.MANIFEST).read_text("utf-8"))
    (folder / shelf.MANIFEST).write_text(json.dumps(manifest | {"agreed": None}), "utf-8")
    with pytest.raises(ModelError, match="say yes to the file on the command line"):
        pickled.check_agreed(folder)
