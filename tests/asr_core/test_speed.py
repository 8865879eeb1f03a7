"""Expected times: a formula, refined by what runs took; nothing but numbers is kept."""

import json

import pytest

from asr_core.settings import Settings
from asr_core.speed import Experience, Speed

JOINT, CTC = Settings(), Settings(decode="ctc")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "below" / "speed.json"


def test_the_formula_counts_what_is_heard_and_what_is_written():
    speed = Speed(0.01, 0.02)
    assert speed.real_time_factor("ctc") == pytest.approx(0.02)
    assert speed.real_time_factor("joint") == pytest.approx(0.02 + 4 * 0.02)


@pytest.mark.parametrize("mode", ["joint", "ctc", "draft"])
def test_an_engine_without_these_modes_takes_the_same_in_all_of_them(mode):
    assert Speed.of_every_mode(0.3).real_time_factor(mode) == pytest.approx(0.3)


def test_runs_refine_the_estimate_and_are_remembered(path):
    experience = Experience(path)
    assert experience.ratio(JOINT) == 1.0
    experience.learn(JOINT, 0.1, 0.4, 300.0)
    assert experience.ratio(JOINT) == pytest.approx(2.0)
    experience.learn(JOINT, 0.1, 0.1, 3600.0)
    assert 1.0 < experience.ratio(JOINT) < 1.1
    assert experience.ratio(CTC) == 1.0
    assert Experience(path).ratio(JOINT) == experience.ratio(JOINT)


def test_a_short_run_says_little(path):
    experience = Experience(path)
    experience.learn(JOINT, 0.1, 1.0, 20.0)
    assert experience.ratio(JOINT) < 1.2


def test_an_accident_teaches_nothing(path):
    experience = Experience(path)
    for measured, real in [(0.1, 50.0), (0.1, 1e-6), (0.0, 0.1)]:
        experience.learn(JOINT, measured, real, 3600.0)
    assert experience.ratio(JOINT) == 1.0


def test_only_numbers_are_kept(path):
    Experience(path).learn(JOINT, 0.1, 0.4, 300.0)
    assert json.loads(path.read_text()) == {"sottovoce-base auto auto joint": 2.0}


def test_with_a_second_model_runs_teach_something_else(path):
    experience = Experience(path)
    tiers = Settings(precision="int4", second_engine="sottovoce-base", second_below=0.8)
    experience.learn(tiers, 0.1, 0.4, 300.0)
    assert json.loads(path.read_text()) == {
        "sottovoce-base auto int4 sottovoce-base auto 0.8 joint": 2.0
    }


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"sottovoce-base auto auto joint": "2"}', "null",
             '{"sottovoce-base auto auto joint": NaN}', '{"sottovoce-base auto auto joint": 1e9}']
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_as_good_as_none(path, text):
    path.parent.mkdir()
    path.write_text(text)
    assert Experience(path).ratio(JOINT) == 1.0


def test_a_folder_that_cannot_be_written_only_means_forgetting(tmp_path):
    (tmp_path / "file").write_text("")
    experience = Experience(tmp_path / "file" / "speed.json")
    experience.learn(JOINT, 0.1, 0.4, 300.0)
    assert experience.ratio(JOINT) == 2.0
