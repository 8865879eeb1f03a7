"""The language badge and its shares."""

import pytest
from streamlit.testing.v1 import AppTest

from asr_core.result import Language
from ui_components.language_badge import shares


def page(label):
    from asr_core.result import Language
    from ui_components.language_badge import language_badge

    language_badge(Language(0.62, 0.38, 0.0, label))


@pytest.mark.parametrize(
    ("label", "color"),
    [
        ("zh", "green"),
        ("en", "blue"),
        ("mixed", "violet"),
        ("other", "gray"),
    ],
)
def test_a_badge_has_its_color_and_always_the_shares(label, color):
    at = AppTest.from_function(page, args=(label,)).run()
    assert not at.exception
    assert f":{color}-badge[" in at.markdown[0].value
    assert "中文 62 % · English 38 %" in at.markdown[0].value


def test_without_text_there_is_no_badge():
    at = AppTest.from_function(page, args=("none",)).run()
    assert not at.exception
    assert not at.markdown


def test_shares_name_every_language_that_was_heard():
    assert shares(Language(0.62, 0.38, 0.0, "mixed")) == "中文 62 % · English 38 %"
    assert shares(Language(0.0, 0.0, 1.0, "other")) == "other 100 %"


def test_the_chinese_page_says_the_shares_in_chinese(monkeypatch):
    monkeypatch.setattr("ui_components.phrases.page_language", lambda: "zh")
    assert shares(Language(0.62, 0.38, 0.0, "mixed")) == "中文 62 % · 英语 38 %"
