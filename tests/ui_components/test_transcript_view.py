"""Segments cut into pieces for the page."""

import pytest

from asr_core.result import Segment, Word
from ui_components.transcript_view import pieces


def segment(text, *words):
    timed = tuple(Word(word, float(i), i + 1.0, 0.9) for i, word in enumerate(words))
    return Segment(0.0, 9.0, "en", text, 0.9, timed)


def joined(cut):
    return "".join(piece if isinstance(piece, str) else piece[0] for piece in cut)


def test_words_carry_their_start_and_what_is_between_them_stays():
    assert pieces(segment("Hello, world!", "Hello,", "world!")) == [
        ["Hello,", 0.0],
        " ",
        ["world!", 1.0],
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我们用 API 测试。", ["我", "们", "用", "API", "测", "试。"]),
        ("a b a b", ["a", "b", "a", "b"]),
        ("no words at all", []),
        ("one is missing here", ["one", "absent", "here"]),
        (" spaces around ", ["spaces", "around"]),
        ("<b>&amp;</b>", ["<b>&amp;</b>"]),
        ("emoji 👩‍👩‍👧 stays", ["emoji", "👩‍👩‍👧", "stays"]),
        ("", ["ghost"]),
        ("an empty word", ["an", "", "word"]),
    ],
)
def test_the_pieces_joined_are_the_text(text, words):
    assert joined(pieces(segment(text, *words))) == text


def test_a_repeated_word_gets_the_time_of_its_own_place():
    cut = pieces(segment("no no no", "no", "no", "no"))
    assert [piece[1] for piece in cut if isinstance(piece, list)] == [0.0, 1.0, 2.0]
