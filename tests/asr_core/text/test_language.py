"""The language of a stretch follows what it sounds like and what surrounds it."""

import math

import pytest

from asr_core.result import Segment
from asr_core.text.language import Evidence, LanguageChooser, language_of, language_shares


def sounds(start: float, end: float, zh: float) -> Evidence:
    return Evidence(start, end, (math.log(zh), math.log(1 - zh)))


def languages(chooser: LanguageChooser, *stretches: Evidence) -> list[str]:
    return [choice.language for choice in chooser.choose(stretches)]


def test_a_short_doubtful_stretch_keeps_the_language_of_its_file():
    chooser = LanguageChooser(("zh", "en"))
    assert languages(chooser, sounds(0, 9, 0.01), sounds(9.5, 10.3, 0.8)) == ["en", "en"]
    assert languages(chooser, sounds(11, 11.8, 0.8)) == ["en"]


def test_a_clear_change_of_language_is_followed():
    chooser = LanguageChooser(("zh", "en"))
    stretches = [sounds(0, 5, 0.001), sounds(6, 9, 0.999), sounds(10, 14, 0.002)]
    assert languages(chooser, *stretches) == ["en", "zh", "en"]


def test_a_stretch_that_may_be_either_has_a_rival():
    chooser = LanguageChooser(("zh", "en"))
    clear, doubtful = chooser.choose([sounds(0, 9, 0.001), sounds(9.5, 13, 0.9)])
    assert (clear.language, clear.rival) == ("en", None)
    assert (doubtful.language, doubtful.rival) == ("en", "zh")


def test_the_first_stretch_is_judged_by_its_sound():
    assert languages(LanguageChooser(("zh", "en")), sounds(0, 3, 0.99)) == ["zh"]
    assert languages(LanguageChooser(("zh", "en")), sounds(0, 3, 0.1)) == ["en"]


def test_with_one_candidate_nothing_is_asked():
    assert languages(LanguageChooser(("ja",)), *[Evidence(0, 1, (0.0,))] * 3) == ["ja"] * 3


def test_no_speech_has_no_language():
    assert LanguageChooser(("zh", "en")).choose([]) == []
    assert language_shares([]).label == "none"


@pytest.mark.parametrize(
    ("text", "language", "label"),
    [
        ("我们明天去上海出差。", "zh", "zh"),
        ("We go to Shanghai tomorrow.", "en", "en"),
        ("我们用 Python 写 code review 的脚本", "zh", "mixed"),
        ("我们明天去上海出差，然后回到北京的办公室开会 OK", "zh", "zh"),
        ("Wir fahren morgen nach Berlin.", "de", "other"),
        ("私は学生です", "ja", "other"),
        ("2026", "zh", "none"),
    ],
)
def test_the_label_follows_the_shares_of_the_text(text, language, label):
    shares = language_shares([Segment(0.0, 1.0, language, text, 1.0)])
    assert shares.label == label
    assert shares.zh + shares.en + shares.other == pytest.approx(0 if label == "none" else 1)


@pytest.mark.parametrize(
    ("text", "language"),
    [("我们去", "zh"), ("We go", "en"), ("我们用 Python 写", "zh"), ("code review 吧", "en")],
)
def test_a_text_is_in_the_language_most_of_it_is_said_in(text, language):
    assert language_of(text) == language
