"""Other readings of a word come from the other hypotheses, word by word."""

from asr_core.engines.alternatives import alternatives


def test_words_in_the_same_place_are_alternatives_likeliest_first():
    found = alternatives(
        ["the", "bat", "sat."], [["the", "cat", "sat."], ["The", "rat,", "sat"], ["the", "cat"]]
    )
    assert found == [(), ("cat", "rat"), ()]


def test_characters_have_characters_as_alternatives():
    assert alternatives([*"他在"], [[*"她再"], [*"它在"]]) == [("她", "它"), ("再",)]


def test_an_alternative_has_the_punctuation_of_the_word():
    assert alternatives(["Hi,", "(Ann)."], [["Hi", "Anne"]]) == [(), ("(Anne).",)]


def test_one_word_may_have_been_two_and_what_was_left_out_is_no_reading():
    assert alternatives(["a", "cargo", "b"], [["a", "car", "go", "b"], ["a", "b"]]) == [
        (),
        ("car go",),
        (),
    ]


def test_there_are_three_at_most():
    others = [[word] for word in ("cat", "rat", "mat", "hat")]
    assert alternatives(["bat"], others) == [("cat", "rat", "mat")]


def test_case_and_punctuation_alone_are_no_other_reading():
    assert alternatives(["Word."], [["word"], ["Word!"]]) == [()]
    assert alternatives(["…"], [["a"]]) == [()]
