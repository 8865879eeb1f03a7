"""Words come out of tokens as people read them, each with the tokens that spell it."""

import json
import re
from itertools import pairwise

import pytest

from asr_core.model.whisper import data_file
from asr_core.text.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(data_file("tokenizer.json").read_text(encoding="utf-8"))


def test_every_word_of_the_table_is_one_token_again(tokenizer):
    """So no merge is missing: the packaged file lacks the first, that of a space and "t"."""
    table = json.loads(data_file("tokenizer.json").read_text(encoding="utf-8"))
    pieces = table["model"]["vocab"].items()
    words = {p.replace("Ġ", " "): i for p, i in pieces if re.fullmatch("Ġ?[A-Za-z]+", p)}
    assert len(words) > 20_000
    assert " the" in words
    assert [word for word, i in words.items() if tokenizer.encode(word) != [i]] == []


def tokens_of(tokenizer: Tokenizer, text: str) -> list[int]:
    return tokenizer._table.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" Hello, world! It's 3.5%.", ["Hello,", "world!", "It's", "3.5%."]),
        ("我们用 Python 写代码。", ["我", "们", "用", "Python", "写", "代", "码。"]),
        (" 他说:「你好,Jason!」", ["他", "说:", "「你", "好,", "Jason!」"]),
        (" (maybe) “so”", ["(maybe)", "“so”"]),
        ("2026年11月", ["2026", "年", "11", "月"]),
        ("", []),
    ],
)
def test_words_keep_their_punctuation_and_characters_are_words(tokenizer, text, words):
    found = tokenizer.words(tokens_of(tokenizer, text))
    assert [word.text for word in found] == words


def test_a_character_of_several_tokens_is_one_word_and_spans_them(tokenizer):
    tokens = tokens_of(tokenizer, "龘写")
    assert len(tokens) > 2
    rare, plain = tokenizer.words(tokens)
    assert (rare.text, plain.text) == ("龘", "写")
    assert rare.end == plain.start
    assert plain.end == len(tokens)


def test_characters_of_one_token_share_its_time(tokenizer):
    tokens = tokens_of(tokenizer, "我们")
    assert len(tokens) == 1
    first, second = tokenizer.words(tokens)
    assert (first.start, first.end, second.start, second.end) == (0.0, 0.5, 0.5, 1.0)
    assert list(first.tokens) == list(second.tokens) == [0]


def test_the_space_in_front_of_a_word_takes_no_time(tokenizer):
    """Else every English word would begin late by its share of the token."""
    tokens = tokens_of(tokenizer, " 8 eight")
    assert len(tokens) == 2
    assert [(word.start, word.end) for word in tokenizer.words(tokens)] == [(0.0, 1.0), (1.0, 2.0)]


def test_a_broken_character_is_left_out(tokenizer):
    tokens = tokens_of(tokenizer, "龘")
    assert tokenizer.decode(tokens[:-1]) == ""
    assert tokenizer.words(tokens[:-1]) == []


def test_words_cover_the_tokens_in_order(tokenizer):
    tokens = tokens_of(tokenizer, " So 我们 go to 上海出差, OK? 龘 done.")
    words = tokenizer.words(tokens)
    for before, after in pairwise(words):
        assert before.end <= after.start
    assert words[-1].end == len(tokens)


def test_the_prompt_names_the_language(tokenizer):
    assert tokenizer.prompt("zh") == [50258, 50260, 50359, 50363]
    assert len(tokenizer.languages) == 99
