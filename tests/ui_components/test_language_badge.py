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
    ("label", "color", "name"),
    [
        ("zh", "green", "Chinese"),
        ("en", "blue", "English"),
        ("mixed", "violet", "Chinese and English"),
        ("other", "gray", "Other language"),
    ],
)
def test_a_badge_has_its_color_and_always_its_name(label, color, name):
    at = AppTest.from_function(page, args=(label,)).run()
    assert not at.exception
    assert f":{color}-badge[" in at.markdown[0].value
    assert name in at.markdown[0].value


def test_without_text_there_is_no_badge():
    at = AppTest.from_function(page, args=("none",)).run()
    assert not at.exception
    assert not at.markdown


def test_shares_name_every_language_that_was_heard():
    assert shares(Language(0.62, 0.38, 0.0, "mixed")) == "Chinese 62% · English 38%"
    assert shares(Language(0.0, 0.0, 1.0, "other")) == "other 100%"
