"""What transcripts ask of the grown model."""

import json

import pytest

from asr_core.model.growth import unit_table
from asr_core.model.whisper import data_file
from asr_core.text.tokenizer import Tokenizer
from asr_core.training.targets import (
    WhisperWriter,
    is_sentence,
    is_tidy,
    joined_texts,
    spoken_mostly,
    tidied,
)


@pytest.fixture(scope="module")
def writer():
    table = json.loads(data_file("config.json").read_text())
    text = data_file("tokenizer.json").read_text(encoding="utf-8")
    return WhisperWriter(Tokenizer(text, table["suppress_ids"]), unit_table())


@pytest.mark.parametrize(
    "text", ["Hello, world.", "今天我们讨论 budget。", "By the way，你收到了吗？"]
)
def test_tokens_say_the_text_and_units_what_is_heard_of_it(writer, text):
    target = writer.target(text, "zh")
    assert writer.written(target.tokens).strip() == text
    letters = [c for c in text.lower() if c.isalnum()]
    assert [c for c in writer.heard(target.units) if c != " "] == letters
    assert len(target.prompt) == 4


def test_ctc_alone_is_asked_for_units_only(writer):
    target = writer.target("一", "zh", attends=False)
    assert target.tokens == ()
    assert writer.heard(target.units) == "一"


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("NORTHANGER ABBEY IS MINE", "en", "Northanger abbey is mine."),
        ("but i'm not what i was", "en", "But I'm not what I was."),
        ("其中 有两个", "zh", "其中有两个。"),
    ],
)
def test_bare_text_becomes_a_plain_sentence(text, language, expected):
    assert tidied(text, language) == expected
    assert is_tidy(expected)
    assert not is_tidy(text)


def test_words_are_no_sentences():
    assert not is_sentence("hello", "en")
    assert not is_sentence("你好", "zh")
    assert is_sentence("we call it bear", "en")
    assert is_sentence("其中有两个", "zh")


def test_texts_are_joined_as_people_write():
    assert joined_texts(["你好。", "再见。", "Bye.", "好。"]) == "你好。再见。 Bye. 好。"


def test_the_language_of_a_mixed_text_is_that_of_most_words():
    assert spoken_mostly("今天我们讨论 budget。") == "zh"
    assert spoken_mostly("Please call 小王 before the meeting.") == "en"
