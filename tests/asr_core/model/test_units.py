"""The units of the CTC head: bare words in the decoder's own tokens, Han characters one by one."""

from itertools import chain

import pytest
import torch
from tokenizers import Tokenizer

from asr_core.model.growth import unit_table
from asr_core.model.units import UnitTable, token_bytes
from asr_core.model.whisper import data_file


@pytest.fixture(scope="module")
def units():
    return unit_table()


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.from_str(data_file("tokenizer.json").read_text(encoding="utf-8"))


def of_text(units, tokenizer, text):
    return units.of_tokens(tokenizer.encode(text, add_special_tokens=False).ids)


def test_what_is_heard_comes_back_as_bare_text(units, tokenizer):
    found = of_text(units, tokenizer, " Hello, 今天我们用 Python写代码, 10%.")
    assert units.text(list(chain.from_iterable(found))) == " hello今天我们用 python写代码 10"


def test_case_and_punctuation_make_no_difference(units, tokenizer):
    loud, bare = (
        [unit for found in of_text(units, tokenizer, text) for unit in found]
        for text in (" And, so my fellow Americans: ask!", " and so my fellow americans ask")
    )
    assert units.text(loud) == units.text(bare)


def test_a_character_of_several_tokens_comes_with_the_last(units, tokenizer):
    ids = tokenizer.encode("码", add_special_tokens=False).ids
    assert len(ids) > 1
    found = units.of_tokens(ids)
    assert found[:-1] == [[]] * (len(ids) - 1)
    assert units.text(found[-1]) == "码"


def test_a_token_of_several_characters_completes_several_units(units, tokenizer):
    ids = tokenizer.encode("我们", add_special_tokens=False).ids
    assert len(ids) == 1
    assert [units.text([unit]) for unit in units.of_tokens(ids)[0]] == ["我", "们"]


def test_bytes_that_are_no_text_never_hide_what_follows(units, tokenizer):
    word = tokenizer.encode(" yes", add_special_tokens=False).ids
    lone = next(i for i in range(256) if units.of_tokens([i, i, i, i]) == [[]] * 4)
    found = units.of_tokens([*[lone] * 5, *word, *word, *word, *word])
    assert units.text(found[-1]) == " yes"


def test_special_tokens_are_no_units(units):
    assert units.of_tokens([50_257, 50_258, 51_000]) == [[], [], []]


def test_every_character_starts_from_the_tokens_that_write_it(units, tokenizer):
    han = [(text, s) for text, s in zip(units.units, units.sources, strict=True) if text >= "㐀"]
    characters = [(text, source) for text, source in han if len(text) == 1 and text <= "鿿"]
    assert len(characters) >= 6763
    for text, source in characters[::10]:
        assert tuple(tokenizer.encode(text, add_special_tokens=False).ids) == source


def test_units_are_distinct_and_in_lower_case(units):
    assert units.units[0] == ""
    assert len(set(units.units)) == len(units) == len(units.sources)
    assert all(text == text.lower() for text in units.units)


def test_words_taught_without_their_space_are_read_with_it(units):
    table = unit_table("t")
    assert len(table) == len(units)
    (the,) = units.of_text("the")
    assert (units.text([the]), table.text([the])) == ("the", " the")
    assert table.sources[the] == units.sources[units.of_text(" the")[0]]
    assert all(table.of_text(text) == [the] for text in (" the", " The", "the"))


def test_words_taught_in_pieces_are_spelled_in_pieces(units):
    table = unit_table("t")
    pieces = table.of_text(" think")
    assert len(pieces) > 1
    assert pieces == units.of_text("think")
    assert table.text(pieces) == " think"


@pytest.mark.parametrize("text", [" and so", "其实", " 10%", "lesson", "'t"])
def test_other_words_keep_their_units(units, text):
    assert unit_table("t").of_text(text) == units.of_text(text)


def test_output_weights_start_as_the_mean_of_the_tokens_embeddings():
    tokens = [*(bytes([b]) for b in range(256)), b"Go", b"\xe4\xbd"]
    table = UnitTable(tokens)
    embedding = torch.randn(len(tokens), 4)
    tied = table.tied(embedding)
    assert tied.shape == (len(table), 4)
    assert not tied[0].any()
    upper, lower, go, you, rest = ord("A"), ord("a"), 256, 257, 0xA0
    torch.testing.assert_close(tied[table.of_tokens([upper])[0][0]], embedding[lower])
    torch.testing.assert_close(tied[table.of_tokens([go])[0][0]], embedding[go])
    character = table.of_tokens([you, rest])[1][0]
    torch.testing.assert_close(tied[character], embedding[[you, rest]].mean(0))


def test_token_bytes_are_those_the_tokenizer_writes(tokenizer):
    text = "naïve 代码\n\t¡ÿ"
    tokens = tokenizer.encode(text, add_special_tokens=False).tokens
    assert b"".join(token_bytes(tokens)).decode() == text
