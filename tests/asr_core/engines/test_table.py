"""The table of engines: adding one is one module and one row."""

import json
import sys
from dataclasses import replace
from types import ModuleType

import light_engine
import pytest
from shelf import shelve
from tiny_qwen3 import PLAIN

import asr_core.engines
from asr_core.cli import main
from asr_core.engines import TABLE, Row, installed, load_engine, models, searches
from asr_core.engines.folders import BUNDLED, folder_of
from asr_core.errors import ModelError


@pytest.fixture
def shelf(monkeypatch, tmp_path):
    """An empty shelf of models."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def murmur(monkeypatch, shelf):
    """A new engine: one module, one row; and a model of its own kind."""
    module = ModuleType("murmur_engine")
    module.load = lambda settings: light_engine.LightEngine(folder_of(settings.engine).name)
    monkeypatch.setitem(sys.modules, "murmur_engine", module)
    row = Row("murmur_engine:load", lambda folder: (folder / "murmur.txt").is_file())
    monkeypatch.setattr(asr_core.engines, "TABLE", [*TABLE, row])
    return shelve("murmur-1", {"murmur.txt": "a model"})


def test_the_bundled_model_is_the_first_row():
    assert TABLE[0].runs(installed()[BUNDLED])
    assert not any(row.runs(installed()[BUNDLED]) for row in TABLE[1:])


def test_a_row_is_all_a_new_engine_needs(murmur):
    assert models() == [BUNDLED, "murmur-1"]
    assert load_engine(replace(PLAIN, engine="murmur-1")).name == "murmur-1"
    assert load_engine(replace(PLAIN, engine=str(murmur))).name == "murmur-1"


def test_the_command_line_runs_it_by_name_or_folder(murmur, tmp_path, monkeypatch, capsys):
    from voice import conversation

    monkeypatch.setattr("asr_core.settings.settings_file", lambda: tmp_path / "settings.json")
    (tmp_path / "talk.wav").write_bytes(conversation(1))
    for model in ("murmur-1", str(murmur)):
        asked = ["transcribe", str(tmp_path / "talk.wav"), "--model", model, "--format", "json"]
        assert main(asked) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["engine"] == "murmur-1"
        assert "loudness" in document["segments"][0]["text"]


def test_what_no_engine_can_run_is_not_offered_and_says_so(shelf):
    shelve("strange", {"config.json": '{"model_type": "strange"}'})
    assert models() == [BUNDLED]
    with pytest.raises(ModelError, match="No engine here can run the model in 'strange'"):
        load_engine(replace(PLAIN, engine="strange"))


def test_a_model_that_is_not_there_says_what_is(shelf):
    with pytest.raises(ModelError, match=r"no model 'whisper'\. Choose .*: sottovoce-base"):
        load_engine(replace(PLAIN, engine="whisper"))


def test_an_added_model_that_lost_a_file_is_said_to_be_damaged(murmur):
    (murmur / "murmur.txt").unlink()
    with pytest.raises(ModelError, match=r"murmur-1 is damaged: murmur\.txt is missing"):
        folder_of("murmur-1")


def test_ways_to_decode_mean_something_to_the_bundled_model_alone(shelf, tmp_path):
    folder = shelve("qwen", {"config.json": '{"model_type": "qwen3_asr"}'})
    assert models() == [BUNDLED, "qwen"]
    assert searches(BUNDLED)
    assert not searches("qwen")
    assert not searches(str(folder))
    assert searches(str(tmp_path / "gone"))
