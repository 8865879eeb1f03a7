"""English case is repaired where it is wrong, and left where somebody may have meant it."""

import pytest

from asr_core.text.case import ends_sentence, in_case


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("and i said, i'll go", "and I said, I'll go"),
        ("x. y is i.e. z", "x. y is i.e. z"),
        ("done. pip3 install a_b", "done. pip3 install a_b"),
        ("done! on monday we speak english", "done! On Monday we speak English"),
        ("it may march in august", "it may march in august"),
        ("Iphone IPHONE iPhone IPhone", "iPhone iPhone iPhone IPhone"),
        ("who led us? it did", "who led us? It did"),
        ("the gpus' api's", "the GPUs' API's"),
        ("IT IS NOT I, SAID HE", "it is not I, said he"),
        ("HELLO WORLD", "HELLO WORLD"),
        ("ASML TSMC AMD SAP", "ASML TSMC AMD SAP"),
        ("well... so be it", "well... so be it"),
        ("e-mail", "e-mail"),
    ],
)
def test_case_within_a_sentence(text, repaired):
    assert " ".join(in_case(text.split(), False, True)) == repaired


def test_a_sentence_begins_with_a_capital():
    assert in_case(["“so", "it", "is"], True, True) == ["“So", "it", "is"]


def test_a_lone_latin_word_in_chinese_is_a_name_or_a_variable():
    assert in_case(["i", "是", "python", "的"], True, False) == ["i", "是", "python", "的"]


@pytest.mark.parametrize(
    ("text", "is_end"),
    [
        ("It ends.", True),
        ("结束。", True),
        ("“Does it?”", True),
        ("Mr.", False),
        ("at 3 p.m.", False),
        ("the U.S.", False),
        ("well...", False),
        ("it goes on", False),
        ("", False),
    ],
)
def test_where_a_sentence_ends(text, is_end):
    assert ends_sentence(text) is is_end
