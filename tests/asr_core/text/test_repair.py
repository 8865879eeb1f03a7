"""Listed terms are put right where that is sure enough, and nothing else is touched."""

import pytest

from asr_core.result import Segment, Word
from asr_core.text.repair import Repair
from asr_core.text.tidy import joined
from asr_core.text.vocabulary import Vocabulary

SURE, UNSURE = 0.99, 0.3


def segment(*texts, confidence=SURE):
    """Words of half a second; those in brackets are doubtful."""
    words = tuple(
        Word(t.strip("<>"), i / 2, i / 2 + 0.5, UNSURE if t.startswith("<") else confidence)
        for i, t in enumerate(texts)
    )
    return Segment(0.0, len(words) / 2, "zh", joined(w.text for w in words), 0.9, words)


def repaired(heard, *lines):
    return Repair(Vocabulary.parse(lines))(heard)


def chinese(text, confidence=SURE):
    return segment(*text, confidence=confidence)


def test_a_form_the_person_gave_is_replaced_wherever_it_stands():
    line = "Sottovoce | so to vote | 搜头"
    found = repaired(segment("So", "to", "vote,", "or", "搜", "头。", "so"), line)
    assert found.text == "Sottovoce, or Sottovoce。so"


def test_a_form_is_found_as_whole_words_only():
    heard = segment("Anthony", "is", "thon", "ton")
    assert repaired(heard, "Bo | anth | tho") is heard


def test_words_keep_their_times_and_what_stood_there_is_an_alternative():
    found = repaired(segment("I", "met", "jon", "smyth."), "John Smith | jon smyth")
    assert [(w.text, w.start, w.end) for w in found.words[2:]] == [
        ("John", 1.0, 1.5),
        ("Smith.", 1.5, 2.0),
    ]
    assert [w.alternatives for w in found.words] == [(), (), ("jon",), ("smyth.",)]
    (one,) = repaired(segment("jon", "smyth."), "JonSmith | jon smyth").words
    assert (one.text, one.start, one.end, one.alternatives) == (
        "JonSmith.",
        0.0,
        1.0,
        ("jon smyth.",),
    )


def test_three_characters_that_sound_the_same_are_the_name():
    assert repaired(chinese("我见过周结论。"), "周杰伦").text == "我见过周杰伦。"


def test_two_characters_that_sound_the_same_are_the_name_only_in_doubt():
    common = chinese("这是事实")
    assert repaired(common, "石诗") is common
    assert repaired(segment("这", "是", "<事>", "<实>"), "石诗").text == "这是石诗"


def test_a_name_that_only_resembles_needs_doubt():
    line = "陈景润"
    sure = chinese("陈锦润来了")
    assert repaired(sure, line) is sure
    assert repaired(segment("陈", "<锦>", "润", "来", "了"), line).text == "陈景润来了"
    far = segment("<今>", "<天>", "<好>", "来", "了")
    assert repaired(far, line) is far


def test_a_name_does_not_reach_across_punctuation():
    heard = chinese("周结，论文")
    assert repaired(heard, "周杰伦") is heard


def test_spaces_and_unusual_case_are_put_right():
    lines = ("GitHub", "WeChat Pay")
    assert repaired(segment("git", "hub", "and", "Wechat", "pay!"), *lines).text == (
        "GitHub and WeChat Pay!"
    )


def test_a_plain_word_does_not_become_a_name_without_doubt():
    heard = segment("I", "will", "pick", "a", "rose")
    assert repaired(heard, "Will", "Rose") is heard
    assert repaired(segment("ask", "<rose>"), "Rose").text == "ask Rose"


@pytest.mark.parametrize(
    ("heard", "term"),
    [
        (("<Clarkenwell>",), "Clerkenwell"),
        (("<sotto>", "<voci>"), "Sottovoce"),
        (("<Filip>", "<Coleman>"), "Philipp Colman"),
    ],
)
def test_a_doubtful_word_that_resembles_a_term_is_the_term(heard, term):
    assert repaired(segment("in", *heard, "there"), term).text == f"in {term} there"
    sure = segment("in", *(word.strip("<>") for word in heard), "there")
    assert repaired(sure, term) is sure


def test_a_doubtful_word_that_is_another_is_left_alone():
    for word in ("<clockwork>", "<well>", "<Lindas>", "<weather>"):
        heard = segment("in", word, "there")
        assert repaired(heard, "Clerkenwell", "Linda", "Heather Ford") is heard


def test_what_is_right_is_not_taken_for_a_neighbor_in_the_list():
    heard = segment("<Anna>", "<Berg>", "and", "<Anne>", "<Berg>")
    assert repaired(heard, "Anna Berg", "Anne Berg") is heard
    heard = chinese("张伟明", UNSURE)
    assert repaired(heard, "章为民", "张伟明") is heard


def test_without_a_list_nothing_is_done():
    heard = segment("<a>", "<b>")
    assert repaired(heard) is heard
