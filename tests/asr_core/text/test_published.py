"""Vocabularies of public models: their pieces, folded into text and found in one."""

import pytest

from asr_core.text.published import PublishedPieces, symbols_of

PIECES = PublishedPieces(
    ["<blank>", "<unk>", "▁HELLO", "▁WORLD", "▁A", "S", "PI", "你", "好", "▁", "<sos/eos>"]
)


@pytest.mark.parametrize(
    ("text", "tokens", "written"),
    [
        ("hello world", [2, 3], "hello world"),
        ("你好 Hello", [7, 8, 2], "你好 hello"),
        ("hello 你 好 worlds", [2, 7, 8, 3, 5], "hello你好 worlds"),
        ("你hello好", [7, 2, 8], "你 hello好"),
        ("  API ", [4, 6], "api"),
        ("你x好", [7, 9, 8], "你 好"),  # what no piece spells is left out
        ("", [9], ""),
    ],
)
def test_a_text_is_the_longest_pieces_and_they_are_the_text(text, tokens, written):
    assert PIECES.encode(text) == tokens
    assert PIECES.decode(tokens) == written


def test_words_know_their_pieces_and_characters_are_words():
    words = PIECES.words([7, 8, 2, 5, 3])
    assert [(word.text, word.start, word.end) for word in words] == [
        ("你", 0, 1),
        ("好", 1, 2),
        ("hellos", 2, 4),
        ("world", 4, 5),
    ]


def test_what_is_no_text_is_never_written():
    assert PIECES.decode([0, 1, 2, 10]) == "hello"
    assert [word.text for word in PIECES.words([1, 2, 10])] == ["hello"]


def test_a_vocabulary_with_small_letters_keeps_its_capitals():
    pieces = PublishedPieces(["<blank>", "▁Hello", "▁h", "<space>", "i", "<eos>"])
    assert pieces.decode([1, 2, 4, 3, 4]) == "Hello hi i"
    assert pieces.encode("Hello hi i") == [1, 2, 4, 3, 4]
    assert PublishedPieces(["<blank>", "▁hello"]).encode("Hello") == [1]


def test_a_list_has_a_symbol_a_line_with_its_number_or_without():
    assert symbols_of(["<blank> 0", "\u3000 1", "▁ 2", "1 3"]) == ["<blank>", "\u3000", "▁", "1"]
    assert symbols_of(["<blank>", "", "7", "的\r"]) == ["<blank>", "<space>", "7", "的"]
    with pytest.raises(ValueError, match="line 2 has the number 4"):
        symbols_of(["a 0", "b 4"])
