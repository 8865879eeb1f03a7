"""Chinese text comes out in one script, with its own punctuation and few spaces."""

import pytest

from asr_core.text.tidy import joined, written


def test_traditional_becomes_simplified_and_back_by_the_words_around():
    assert "".join(written("頭髮發現軟體", "simplified")) == "头发发现软体"
    assert "".join(written("头发发现", "traditional")) == "頭髮發現"


def test_there_are_as_many_words_as_before():
    words = ["他", "说:", "「你", "好,", "Jason!」", "API", "v2.0", "测", "试."]
    assert written(words, "simplified") == [
        "他", "说：", "「你", "好，", "Jason!」", "API", "v2.0", "测", "试。",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["Hello,", "world!"], "Hello, world!"),
        (["用", "Python", "写", "代", "码。"], "用 Python 写代码。"),
        (["11", "月", "2026", "年"], "11月2026年"),
        (["好，", "Jason!", "你"], "好，Jason! 你"),
        (["OK", "。"], "OK。"),
        ([], ""),
    ],
)
def test_a_space_stands_between_latin_words_and_beside_chinese_but_not_at_figures(words, text):
    assert joined(words) == text
