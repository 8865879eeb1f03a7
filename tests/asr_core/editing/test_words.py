"""Times stay with the words of a passage that a person corrects."""

import random
from itertools import pairwise

import pytest

from asr_core.editing.words import corrected, placed
from asr_core.result import Segment, Word
from asr_core.text.tidy import joined
from asr_core.text.tokenizer import words_of


def passage(text, start=10.0):
    """A passage whose words take half a second each, with a tenth between them."""
    words = tuple(
        Word(word, round(start + 0.6 * i, 2), round(start + 0.6 * i + 0.5, 2), 0.4, ("else",))
        for i, word in enumerate(words_of(text))
    )
    return Segment(start, words[-1].end, "en", text, 0.8, words)


def times(segment):
    return [(word.text, word.start, word.end) for word in segment.words]


def test_unchanged_words_keep_all_they_have():
    old = passage("we met in Perris today")
    new = corrected(old, "we met in Paris today")
    assert new.words[:3] == old.words[:3]
    assert new.words[4] == old.words[4]
    assert (new.text, new.edited) == ("we met in Paris today", True)


def test_a_corrected_word_takes_the_time_of_what_it_replaces_and_is_certain():
    new = corrected(passage("we met in Perris today"), "we met in Paris today")
    assert new.words[3] == Word("Paris", 11.8, 12.3, 1.0)


def test_more_words_share_the_time_of_fewer_by_their_length():
    new = corrected(passage("you gonna see"), "you going to see")
    (going, to) = new.words[1:3]
    assert going.start == 10.6
    assert to.end == 11.1
    assert going.end == to.start == pytest.approx(10.6 + 0.5 * 5 / 7)


def test_an_added_word_stands_in_the_pause_it_was_put_into():
    new = corrected(passage("a c"), "a b c")
    assert times(new) == [("a", 10.0, 10.5), ("b", 10.5, 10.6), ("c", 10.6, 11.1)]


def test_words_added_at_the_ends_stay_within_the_passage():
    new = corrected(passage("b"), "a b c")
    assert times(new) == [("a", 10.0, 10.0), ("b", 10.0, 10.5), ("c", 10.5, 10.5)]


def test_chinese_changes_character_by_character():
    new = corrected(passage("我们用API侧试。"), "我们用 API 测试。")
    assert times(new)[:4] == times(passage("我们用API侧试。"))[:4]
    assert times(new)[4] == ("测", 12.4, 12.9)
    assert times(new)[5] == ("试。", 13.0, 13.5)


def test_a_passage_without_words_gets_some():
    old = Segment(1.0, 3.0, "en", "hello", 0.9)
    assert times(corrected(old, "hi you")) == [("hi", 1.0, 1.8), ("you", 1.8, 3.0)]


@pytest.mark.parametrize("text", ["a  b\nc", "a b  c", "ab c", "a b c\n"])
def test_other_spaces_and_breaks_change_no_time(text):
    old = passage("a b c")
    new = corrected(old, text)
    assert new.words == old.words
    assert new.text == text


def test_a_space_within_a_word_makes_two():
    assert times(corrected(passage("into it"), "in to it")) == [
        ("in", 10.0, 10.25),
        ("to", 10.25, 10.5),
        ("it", 10.6, 11.1),
    ]


def test_a_line_break_stays_in_the_text():
    new = corrected(passage("one two"), "one\ntwo more")
    assert new.text == "one\ntwo more"
    assert [word.text for word in new.words] == ["one", "two", "more"]


def test_whatever_is_written_times_never_decrease_and_every_word_stands_in_the_text():
    chance = random.Random(5)
    letters = ["a", "be", "sea,", "我", "们。", "API", "“dee”", "two"]
    for _ in range(500):
        old = passage(joined(chance.choices(letters, k=chance.randint(1, 9))))
        text = joined(chance.choices(letters, k=chance.randint(1, 9)))
        new = corrected(old, text)
        assert new.text == text
        assert [word for word, _, _ in placed(new)] == list(new.words)
        assert "".join(word.text for word in new.words) == "".join(text.split())
        assert all(old.start <= word.start <= word.end <= old.end for word in new.words)
        assert all(one.end <= two.start + 1e-9 for one, two in pairwise(new.words))


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("no no no", ["no", "no", "no"], [(0, 2), (3, 5), (6, 8)]),
        ("one is missing here", ["one", "absent", "here"], [(0, 3), (15, 19)]),
        ("an empty word", ["an", "", "word"], [(0, 2), (9, 13)]),
        ("我们用 API 测试。", ["我", "API", "试。"], [(0, 1), (4, 7), (9, 11)]),
    ],
)
def test_words_are_found_each_in_its_own_place(text, words, found):
    segment = Segment(0.0, 9.0, "en", text, 0.9, tuple(Word(word, 0, 1, 0.9) for word in words))
    assert [(first, last) for _, first, last in placed(segment)] == found
