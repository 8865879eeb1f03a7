"""What is left that may be a name: parts of it, other spellings, the same sound."""

import pytest

from asr_core.export.near_misses import near_misses
from asr_core.export.pseudonyms import hidden, read
from asr_core.result import Language, Segment, Transcript

NAMES = read("Anna Hoffmann = P1\n张三丰 = P2\n李雷 = P3\nKim Lee = P4")


def left(text, name="talk.m4a"):
    segments = (Segment(0, 9, "en", text, 1.0),)
    told = Transcript(name, 9.0, segments, Language(1, 0, 0, "zh"), "test", "joint")
    return {miss.text: (miss.name, miss.n) for miss in near_misses(hidden(told, NAMES), NAMES)}


@pytest.mark.parametrize(
    ("text", "word", "name"),
    [
        ("Then Hoffmann and Hoffmann's car", "Hoffmann", "Anna Hoffmann"),
        ("Then Hofmann came", "Hofmann", "Anna Hoffmann"),
        ("Then Hanna came", "Hanna", "Anna Hoffmann"),
        ("那个三丰说", "三丰", "张三丰"),
        ("章三峰说", "章三峰", "张三丰"),
        ("張先生说", "张先生", "张三丰"),
        ("老李说", "老李", "李雷"),
        ("那个李磊说", "李磊", "李雷"),
    ],
)
def test_what_is_nearly_a_name_is_found(text, word, name):
    assert left(text)[word][0] == name


def test_it_is_counted():
    assert left("Hoffmann and Hoffmann's")["Hoffmann"] == ("Anna Hoffmann", 2)


def test_the_file_name_is_looked_at_too():
    assert "Hoffmann" in left("Hello.", "Hoffmann.m4a")


@pytest.mark.parametrize(
    "text",
    ["Anna Hoffmann and 张三丰 and 李雷", "The anna is small", "See the lee", "今天天气好", ""],
)
def test_what_is_hidden_or_far_is_not_told(text):
    assert left(text) == {}


def test_a_text_without_capitals_is_searched_all_the_same():
    assert "hofmann" in left("then hofmann came")
