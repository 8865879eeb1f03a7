"""Chinese text comes out in one script, with its own punctuation."""

from asr_core.text.chinese import full_width, half_width, in_script, words_in_script


def test_traditional_becomes_simplified_and_back_by_the_words_around():
    assert in_script("頭髮發現軟體", "simplified") == "头发发现软体"
    assert "".join(words_in_script(list("头发发现"), "traditional")) == "頭髮發現"


def test_there_are_as_many_words_as_before():
    words = ["他", "说:", "「你", "好,", "Jason!」", "API", "v2.0", "測", "试."]
    assert full_width(words_in_script(words, "simplified"), "zh") == [
        "他", "说：", "「你", "好，", "Jason!」", "API", "v2.0", "测", "试。",
    ]  # fmt: skip


def test_marks_in_text_without_chinese_are_half_width():
    assert full_width(["Hello，", "world。"], "en") == ["Hello,", "world."]


def test_an_english_sentence_within_chinese_keeps_its_marks():
    words = ["好。", "This", "is", "quite", "a", "long", "one.", "走"]
    assert full_width(words, "zh") == words


def test_half_width_marks_replace_all():
    assert half_width(["好，", "吗？", "。"]) == ["好,", "吗?", "."]
