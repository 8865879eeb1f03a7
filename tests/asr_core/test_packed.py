"""A transcript through JSON: all of it comes back, and nothing that arithmetic could not bear."""

import json

import pytest

from asr_core import packed
from asr_core.result import Language, Segment, Transcript, Word

WORDS = (Word("你", 0.5, 1.0, 0.8, ("您",)),)
TRANSCRIPT = Transcript(
    "a.wav",
    2.5,
    (Segment(0.5, 2.0, "zh", "你好", 0.9, WORDS, "林", True, True),),
    Language(1.0, 0.0, 0.0, "zh"),
    "light",
    "joint",
    ("A note.",),
    {"n": 1},
)


def test_every_field_comes_back():
    data = json.loads(json.dumps(packed.pack_transcript(TRANSCRIPT)))
    assert packed.transcript(data) == TRANSCRIPT


@pytest.mark.parametrize("bad", [10**400, 1e300, float("nan"), float("inf"), -1, True, "1", None])
def test_a_number_that_is_no_time_is_refused(bad):
    with pytest.raises(packed.DataError):
        packed.number(bad)


@pytest.mark.parametrize("bad", [1, None, "true"])
def test_what_is_neither_true_nor_false_is_refused(bad):
    with pytest.raises(packed.DataError):
        packed.truth(bad)
