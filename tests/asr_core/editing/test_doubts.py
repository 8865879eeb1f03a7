"""What a person says to a doubtful word."""

from dataclasses import replace

import pytest

from asr_core.editing.doubts import is_doubtful, settled
from asr_core.result import Segment, Word


def passage(text, *doubtful, edited=False):
    words = tuple(
        Word(word, i, i + 0.9, 0.2 if i in doubtful else 0.9, ("other",) if i in doubtful else ())
        for i, word in enumerate(text.split())
    )
    return Segment(0.0, 9.0, "en", text, 0.9, words, edited=edited)


def doubts(segment):
    return [word.text for word in segment.words if is_doubtful(segment, word)]


def test_a_word_that_is_right_is_certain_from_then_on():
    before = passage("hello Perris my dear", 1, 3)
    ((index, after),) = settled([before], 0, 1, "Perris").items()
    assert index == 0
    assert after.text == before.text
    assert doubts(after) == ["dear"]
    assert not after.edited


def test_another_word_takes_the_place_of_the_doubtful_one():
    before = passage("hello Perris, my dear", 1)
    after = settled([before], 0, 1, "Paris")[0]
    assert after.text == "hello Paris, my dear"
    assert after.words[1] == Word("Paris,", 1.0, 1.9, 1.0)
    assert after.words[0] == before.words[0]
    assert after.words[2:] == before.words[2:]


def test_two_words_for_one_share_its_time():
    after = settled([passage("you gonna see", 1)], 0, 1, "going to")[0]
    assert after.text == "you going to see"
    assert [(word.text, word.start) for word in after.words[:2]] == [("you", 0.0), ("going", 1.0)]
    assert after.words[2].end == 1.9


def test_all_the_same_doubtful_words_can_be_settled_at_once():
    segments = [
        passage("Perris is big", 0),
        passage("I know Perris and Perris.", 2, 4),
        passage("old Perris"),  # here it was certain
        passage("in Perris", 1, edited=True),  # here a person wrote it
    ]
    changes = settled(segments, 0, 0, "Paris", everywhere=True)
    assert {index: segment.text for index, segment in changes.items()} == {
        0: "Paris is big",
        1: "I know Paris and Paris.",
    }
    assert set(settled(segments, 0, 0, "Paris")) == {0}


@pytest.mark.parametrize(("place", "text"), [(0, "  "), (7, "Paris")])
def test_nothing_said_and_no_such_word_change_nothing(place, text):
    assert settled([passage("Perris", 0)], 0, place, text) == {}


def test_a_sign_alone_can_be_settled():
    assert settled([passage("a — b", 1)], 0, 1, "-")[0].text == "a - b"


def test_who_has_read_a_passage_has_no_doubts_left():
    segment = passage("hello Perris", 1)
    assert doubts(segment) == ["Perris"]
    assert doubts(replace(segment, edited=True)) == []
