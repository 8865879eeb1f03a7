"""Terms in every spelling a decoder may choose."""

import pytest

from asr_core.engines.terms import bias_of
from asr_core.model.growth import whisper_tokenizer
from asr_core.search.bias import Walk
from asr_core.text.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def tokenizer():
    return whisper_tokenizer()


def bonus(bias, tokens):
    walk = Walk()
    for token in tokens:
        walk = bias.step(walk, token)
    return bias.score(bias.end(walk))


@pytest.mark.parametrize(
    ("line", "text", "has_bonus"),
    [
        ("Sottovoce", "Open Sottovoce now", True),
        ("Sottovoce", "open sottovoce", True),
        ("Sottovoce", "打开Sottovoce吧", True),
        ("Sottovoce | soto voce", " soto voce", False),
        ("周杰倫", "我见过周杰伦。", True),
        ("周杰伦", "我见过周杰", False),
        ("Lin", " violin", False),
        ("Lin", " Lin's violin", True),
        ("Ann", " Annual", False),
    ],
)
def test_right_forms_have_a_bonus_as_whole_words(tokenizer, line, text, has_bonus):
    bias = bias_of(Vocabulary.parse([line]), tokenizer, 1.0)
    assert bias is not None
    assert (bonus(bias, tokenizer.encode(text)) > 0) == has_bonus


def test_no_list_is_no_bias(tokenizer):
    assert bias_of(Vocabulary(), tokenizer) is None
