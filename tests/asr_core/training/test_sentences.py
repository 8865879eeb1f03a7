"""Sentences to speak: endless, repeatable, many; what is said has no figures."""

import re
from itertools import islice

import pytest

from asr_core.errors import AsrError
from asr_core.training.sentences import KINDS, LONGEST, Pair, read_pairs, sentences

HAN, LATIN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]")
PAIRS = [
    Pair("The cat sleeps.", "猫在睡觉。", "Ann & Bo"),
    Pair("It rains!", "下雨了！", "Cy"),
    Pair("Who knows?", "谁知道", "Di"),
]


@pytest.fixture(scope="module")
def drawn():
    return list(islice(sentences(7), 5000))


def test_a_seed_always_gives_the_same_and_another_seed_others(drawn):
    assert list(islice(sentences(7), 300)) == drawn[:300]
    assert list(islice(sentences(8), 300)) != drawn[:300]


def test_every_kind_comes_about_as_often_as_it_should(drawn):
    total = sum(KINDS.values())
    for kind, weight in KINDS.items():
        share = sum(sentence.kind == kind for sentence in drawn) / len(drawn)
        assert share == pytest.approx(weight / total, abs=0.03)


def test_hardly_any_sentence_comes_twice(drawn):
    assert len({sentence.text for sentence in drawn}) >= 0.95 * len(drawn)


def test_the_language_is_that_of_the_scripts(drawn):
    for sentence in drawn:
        scripts = bool(HAN.search(sentence.text)), bool(LATIN.search(sentence.text))
        assert {"zh": (True, False), "en": (False, True), "mixed": (True, True)}[
            sentence.language
        ] == scripts, sentence


def test_plain_kinds_have_one_language_and_mixed_kinds_both(drawn):
    for sentence in drawn:
        assert sentence.language == sentence.kind or sentence.kind not in ("zh", "en")
        assert sentence.language == "mixed" or sentence.kind not in ("mixed", "switch"), sentence


def test_what_is_said_has_only_words(drawn):
    for sentence in drawn:
        assert re.fullmatch(r"[\u4e00-\u9fff\w\s,.?!'，。？！、-]+", sentence.spoken), sentence
        assert not re.search(r"[\d{}|=_]", sentence.spoken), sentence


def test_no_sentence_shows_the_marks_of_its_template(drawn):
    for sentence in drawn:
        assert not re.search(r"[{}|=]|  |\.\.", sentence.text), sentence
        assert len(sentence.text) <= LONGEST


def test_numbers_are_written_in_figures(drawn):
    numbers = [sentence for sentence in drawn if sentence.kind == "number"]
    assert all(re.search(r"\d", sentence.text) for sentence in numbers)
    assert {sentence.language for sentence in numbers} == {"zh", "en", "mixed"}


def test_pairs_supply_plain_and_joined_sentences_and_are_named_as_their_source():
    drawn = [sentence for sentence in islice(sentences(1, PAIRS), 2000) if sentence.source]
    assert {sentence.kind for sentence in drawn} == {"zh", "en", "switch"}
    assert all(sentence.language == "mixed" for sentence in drawn if sentence.kind == "switch")
    assert "It rains! 下雨了！" in {sentence.text for sentence in drawn}
    assert "谁知道。The cat sleeps." in {sentence.text for sentence in drawn}
    (source,) = {sentence.source for sentence in drawn if sentence.text == "猫在睡觉。"}
    assert source == "Ann & Bo"


def test_pairs_come_simplified_and_only_those_that_can_be_read_aloud(tmp_path):
    path = tmp_path / "pairs.tsv"
    lines = [
        "We speak.\t我們說話。\tEve",
        "It is 3.\t现在是3点。\tEve",
        "On CNN.\t在CNN上。\tEve",
        "",
        "alone",
        "Without a name.\t没有名字。",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    expected = [Pair("We speak.", "我们说话。", "Eve"), Pair("Without a name.", "没有名字。", "")]
    assert read_pairs(path) == expected


def test_a_file_without_pairs_is_said_to_have_none(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello", encoding="utf-8")
    with pytest.raises(AsrError, match=r"notes\.txt has no sentences to read aloud"):
        read_pairs(path)
    with pytest.raises(AsrError, match="Cannot read the sentences"):
        read_pairs(tmp_path / "missing.tsv")
