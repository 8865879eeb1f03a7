"""Settings: checked, saved, read back, and never in the way."""

import json
from dataclasses import replace

import pytest

from asr_core.errors import AsrError
from asr_core.settings import VERBATIM, Settings, Tidy


def test_what_was_saved_is_read_back(tmp_path):
    file = tmp_path / "deep" / "settings.json"
    chosen = Settings(language="ja", languages=("zh", "en", "ja"), decode="draft", beam_size=3)
    chosen.save(file)
    assert Settings.load(file) == chosen


def test_names_and_terms_are_written_only_where_they_are_to_be_kept(tmp_path):
    file = tmp_path / "settings.json"
    listed = Settings(vocabulary=("Sottovoce | soto voce", "周杰伦"), beam_size=3)
    listed.save(file)
    assert "Sottovoce" not in file.read_text("utf-8")
    assert Settings.load(file) == Settings(beam_size=3)
    kept = replace(listed, keep_vocabulary=True)
    kept.save(file)
    assert Settings.load(file) == kept


def test_without_a_file_the_defaults_hold_and_nothing_is_said(tmp_path):
    notes = []
    assert Settings.load(tmp_path / "none.json", notes) == Settings()
    assert notes == []


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe\x00", b'"text"'])
def test_a_broken_file_gives_the_defaults_and_a_note(tmp_path, content):
    file = tmp_path / "settings.json"
    file.write_bytes(content)
    notes = []
    assert Settings.load(file, notes) == Settings()
    assert notes == [f"The settings in {file} cannot be read; the defaults are used."]


def test_unknown_keys_are_ignored_and_one_bad_value_spoils_only_itself(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"beam_size": "five", "decode": "ctc", "color": "red"}))
    notes = []
    assert Settings.load(file, notes) == Settings(decode="ctc")
    assert len(notes) == 1
    assert "The setting beam size is 'five'. Choose a whole number, 1 to 20." in notes[0]


@pytest.mark.parametrize(
    "choice",
    [
        {"decode": "magic"},
        {"beam_size": 0},
        {"beam_size": 21},
        {"beam_size": True},
        {"script": "cursive"},
        {"precision": "int3"},
        {"punctuation": "none"},
        {"numbers": "yes"},
        {"verbatim": 1},
        {"device": "tpu"},
        {"device": 1},
        {"language": "English"},
        {"languages": ()},
        {"languages": ("zh", 1)},
        {"languages": 5},
        {"engine": ""},
        {"decode": ["ctc"]},
        {"vocabulary": "Ann"},
        {"vocabulary": (1,)},
        {"keep_vocabulary": "yes"},
        {"breaks": "verses"},
        {"with_times": 1},
        {"with_speakers": None},
        {"second_engine": None},
        {"second_precision": "int3"},
        {"second_below": 1.1},
        {"second_below": True},
        {"second_below": "0.9"},
    ],
)
def test_a_choice_that_does_not_exist_is_a_sentence(choice):
    with pytest.raises(AsrError, match=r"^The setting .+ is .+\. Choose .+\.$"):
        Settings(**choice)


def test_saved_where_nothing_can_be_saved_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AsrError, match="Cannot make the folder"):
        Settings().save(tmp_path / "file" / "settings.json")


def test_the_switches_of_tidying_are_settings_and_verbatim_outranks_them(tmp_path):
    assert Settings().tidy == Tidy()
    chosen = Settings(script="traditional", punctuation="half", numbers=False)
    assert chosen.tidy == Tidy(script="traditional", punctuation="half", numbers=False)
    verbatim = replace(chosen, verbatim=True)
    assert verbatim.tidy == VERBATIM
    verbatim.save(tmp_path / "settings.json")
    assert replace(Settings.load(tmp_path / "settings.json"), verbatim=False) == chosen


def test_settings_of_an_older_version_still_count(tmp_path):
    file, notes = tmp_path / "settings.json", []
    file.write_text('{"script": "traditional", "beam_size": 4}')
    assert Settings.load(file, notes) == Settings(script="traditional", beam_size=4)
    assert notes == []
