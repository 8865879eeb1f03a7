"""What the editor hands to the browser."""

import re
from pathlib import Path

import pytest

from asr_core.editing.doubts import DOUBTFUL
from asr_core.result import Segment, Word
from ui_components import editor, phrases
from ui_components.shortcuts import SHORTCUTS

ASSETS = Path(editor.__file__).parents[1] / "assets" / "editor"
SOURCE = "".join(path.read_text("utf-8") for path in sorted(ASSETS.glob("*.js")))
PAGE = (ASSETS / "editor.html").read_text("utf-8")


def segment(text, *words, confidence=0.9, **more):
    timed = tuple(Word(word, i, i + 1, confidence, ("else",)) for i, word in enumerate(words))
    return Segment(0.0, 9.0, "en", text, 0.9, timed, **more)


def read(passage):
    """The words as the browser cuts them out of the text, which it counts in UTF-16."""
    text, done, found = passage["text"].encode("utf-16-le"), 0, []
    for i in range(0, len(passage["words"]), 3):
        gap, length, hundredths = passage["words"][i : i + 3]
        first, done = done + gap, done + gap + length
        found.append((text[2 * first : 2 * done].decode("utf-16-le"), hundredths / 100))
    return found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, world!", ["Hello,", "world!"]),
        ("我们用 API 测试。", ["我", "们", "用", "API", "测", "试。"]),
        (" spaces \n around ", ["spaces", "around"]),
        ("emoji 👩‍👩‍👧 stays, 𠀀 too", ["emoji", "👩‍👩‍👧", "stays,", "𠀀", "too"]),
        ("no words", []),
    ],
)
def test_the_browser_finds_every_word_in_its_place(text, words):
    found = read(editor._passage(segment(text, *words)))
    assert found == [(word, float(i)) for i, word in enumerate(words)]


def test_doubtful_words_come_with_what_else_they_may_be():
    doubtful = segment("so so", "so", "so", confidence=DOUBTFUL - 0.1)
    assert editor._passage(doubtful)["doubts"] == [[0, 60, "else"], [1, 60, "else"]]
    sure = segment("so so", "so", "so", confidence=DOUBTFUL)
    assert editor._passage(sure)["doubts"] == []


def test_a_passage_that_the_second_model_read_is_handed_over_as_such():
    assert [editor._passage(segment("so", redone=is_so))["redone"] for is_so in (True, False)] == [
        True,
        False,
    ]


def test_every_word_the_browser_shows_is_handed_to_it():
    asked = set(re.findall(r"labels\.(\w+)", SOURCE) + re.findall(r'data-label="(\w+)"', PAGE))
    unpacked = {"rerun_zh", "rerun_en"}
    assert asked | unpacked == set(editor._labels())


def test_every_key_says_what_it_does():
    assert all(name in phrases._PHRASES for _, name in SHORTCUTS)


def test_every_part_of_the_script_is_read_and_belongs_to_no_other_place():
    assert {path.stem for path in ASSETS.glob("*.js")} == set(editor._PARTS)
    assert not re.search(r"innerHTML|https?://", SOURCE)
