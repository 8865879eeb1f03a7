"""Which tokens spell which words."""

from asr_core.engines.qwen3_asr.words import answer_words

PIECES = ["language", " English", "<asr_text>", "It", "'s", " 甚", "至"]
PIECES += ["，", "o", "k", ".", " a", "nd"]


def decode(tokens):
    return "".join(PIECES[token] for token in tokens)


def test_a_word_has_the_probability_of_the_tokens_that_spell_it():
    tokens = range(len(PIECES))
    log_probs = [-float(token) for token in tokens]
    found = answer_words(tokens, log_probs, "It's 甚至，ok. and", decode)
    assert [(word.text, word.log_prob) for word in found] == [
        ("It's", -3.5),
        ("甚", -5.0),
        ("至，", -6.5),
        ("ok.", -9.0),
        ("and", -11.5),
    ]


def test_a_character_of_two_tokens_has_both():
    half = ["", "\ufffd", "甚", "甚至"]
    found = answer_words([7, 8, 9], [-1.0, -3.0, -5.0], "甚至", lambda t: half[len(t)])
    assert [(word.text, word.log_prob) for word in found] == [("甚", -2.0), ("至", -5.0)]


def test_what_says_nothing_has_no_words():
    assert answer_words([0, 1, 2], [0.0] * 3, "", decode) == []
