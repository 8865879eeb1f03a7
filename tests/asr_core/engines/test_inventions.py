"""What nobody said is dropped where CTC hears nothing of it, and stays where it does."""

import math

import pytest
import torch

from asr_core.engines.inventions import (
    NOTHING,
    mean_evidence,
    stock_phrases,
    without_silence,
    without_stock_phrases,
)
from asr_core.model.growth import whisper_tokenizer
from asr_core.search.types import Hypothesis

SAID = Hypothesis((7,), -1.0, (-1.0,), ended=True)


def test_where_ctc_hears_no_unit_nothing_is_said():
    best, lengths = torch.tensor([[0, 0, 0], [0, 4, 0]]), torch.tensor([3, 3])
    assert without_silence([SAID, SAID], best, lengths) == [NOTHING, SAID]


def test_padding_says_nothing():
    assert without_silence([SAID], torch.tensor([[0, 4]]), torch.tensor([1])) == [NOTHING]


@pytest.fixture(scope="module")
def tokenizer():
    return whisper_tokenizer()


def read(tokenizer, text):
    tokens = tuple(tokenizer.encode(text))
    return Hypothesis(tokens, -1.0, (-0.1,) * len(tokens), ended=True)


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        (" And that is all. Thanks for watching!", ["Thanks for watching!"]),
        (" Thank you very much for watching this video.", None),
        (" Please like and subscribe to my channel.", None),
        (" Subtitles by the Amara.org community", None),
        (" Thank you.", None),
        (" Thank you. Bye.", []),
        (" you", None),
        (" Bye-bye. Bye.", None),
        ("请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", None),
        ("謝謝觀看！", None),
        ("字幕由 Amara.org 社群提供", None),
        ("今天就到这里，感谢大家的收看。", ["感谢大家的收看。"]),
        ("谢谢大家。", None),
        (" I saw you there", []),
        (" He thanked her for watching the house", []),
        (" Rethink thanks for watchingly", []),
        ("谢谢你的帮助", []),
        ("这部电影的字幕做得很好", []),
        ("她再见到他的时候", []),
    ],
)
def test_stock_phrases_are_found_as_whole_words(tokenizer, text, phrases):
    tokens = tokenizer.encode(text)
    found = [
        tokenizer.decode(tokens[places.start : places.stop]).strip()
        for places in stock_phrases(tokenizer.words(tokens))
    ]
    if phrases is None:
        assert set("".join(found)) >= {c for c in text if c.isalnum()}
    else:
        assert found == phrases


def test_a_stock_phrase_without_evidence_is_dropped_and_one_that_is_heard_stays(tokenizer):
    said = read(tokenizer, " And that is all. Thanks for watching!")
    n_real = len(tokenizer.encode(" And that is all."))
    heard = [-4.0] * len(said.tokens)
    assert without_stock_phrases(said, tokenizer, heard) is said
    unheard = [-4.0] * n_real + [-12.0] * (len(said.tokens) - n_real)
    left = without_stock_phrases(said, tokenizer, unheard)
    assert tokenizer.decode(left.tokens).strip() == "And that is all."
    assert len(left.token_log_probs) == len(left.tokens)


def test_a_text_of_nothing_else_is_nothing(tokenizer):
    said = read(tokenizer, "谢谢观看。")
    assert without_stock_phrases(said, tokenizer, [-math.inf] * len(said.tokens)) == NOTHING


def test_other_text_needs_no_evidence(tokenizer):
    said = read(tokenizer, " He was an odd man.")
    assert without_stock_phrases(said, tokenizer, [-20.0] * len(said.tokens)) is said


def test_evidence_is_that_of_what_can_be_heard():
    assert mean_evidence([-2.0, math.nan, -4.0]) == -3.0
    assert mean_evidence([math.nan]) == 0.0
