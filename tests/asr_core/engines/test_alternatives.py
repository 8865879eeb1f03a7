"""Other readings of a word come from the other hypotheses, word by word."""

import pytest

from asr_core.engines.alternatives import alternatives, other_words
from asr_core.model.growth import whisper_tokenizer
from asr_core.search.types import Hypothesis


def test_words_in_the_same_place_are_alternatives_likeliest_first():
    found = other_words(
        ["the", "bat", "sat."], [["the", "cat", "sat."], ["The", "rat,", "sat"], ["the", "cat"]]
    )
    assert found == [[], ["cat", "rat"], []]


def test_characters_have_characters_as_alternatives():
    assert other_words([*"他在"], [[*"她再"], [*"它在"]]) == [["她", "它"], ["再"]]


def test_an_alternative_has_the_punctuation_of_the_word():
    assert other_words(["Hi,", "(Ann)."], [["Hi", "Anne"]]) == [[], ["(Anne)."]]


def test_one_word_may_have_been_two_and_what_was_left_out_is_no_reading():
    found = other_words(["a", "cargo", "b"], [["a", "car", "go", "b"], ["a", "b"]])
    assert found == [[], ["car go"], []]


def test_case_and_punctuation_alone_are_no_other_reading():
    assert other_words(["Word."], [["word"], ["Word!"]]) == [[]]
    assert other_words(["…"], [["a"]]) == [[]]


@pytest.fixture(scope="module")
def tokenizer():
    return whisper_tokenizer()


def read(tokenizer, text, rivals=()):
    tokens = tuple(tokenizer.encode(text))
    return Hypothesis(tokens, -1.0, (-0.1,) * len(tokens), ended=True, rivals=rivals)


def test_there_are_three_at_most(tokenizer):
    others = [read(tokenizer, f" {word}") for word in ("cat", "rat", "mat", "hat")]
    assert alternatives(read(tokenizer, " bat"), others, tokenizer) == [("cat", "rat", "mat")]


def test_characters_the_search_weighed_come_after_what_hypotheses_say(tokenizer):
    he, she, it, is_in, comma = (tokenizer.encode(c)[0] for c in "他她它在，")
    best = Hypothesis(
        (he, is_in), -1.0, (-0.1, -0.1), ended=True, rivals=((she, comma, it), (tokenizer.eos_id,))
    )
    assert alternatives(best, [], tokenizer) == [("她", "它"), ()]
    assert alternatives(best, [read(tokenizer, "它在")], tokenizer) == [("它", "她"), ()]
    assert alternatives(read(tokenizer, "他在"), [], tokenizer) == [(), ()]
