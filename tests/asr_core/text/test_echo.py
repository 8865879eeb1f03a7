"""A text that is the list of terms and not what was said."""

import pytest

from asr_core.text.echo import is_echo, is_of_terms, is_recited
from asr_core.text.vocabulary import Vocabulary

LISTED = Vocabulary.parse(["Sottovoce", "周杰伦", "Linda Berg", "GitHub", "Linda"])


@pytest.mark.parametrize(
    ("text", "of_terms", "recited"),
    [
        ("Sottovoce, 周杰倫, Linda Berg", True, True),
        ("sottovoce 周杰伦 linda berg github and so on and so on", False, True),
        ("GitHub. Sottovoce.", True, False),
        ("Linda Berg, Linda, Linda Berg", True, False),
        ("I saw Linda Berg at GitHub yesterday", False, False),
        ("周杰伦和一众好友", False, False),
        ("", False, False),
    ],
)
def test_an_echo_is_almost_only_terms_or_their_order(text, of_terms, recited):
    assert is_of_terms(text, LISTED) == of_terms
    assert is_recited(text, LISTED) == recited


@pytest.mark.parametrize(
    ("text", "untold", "echo"),
    [
        ("Sottovoce, 周杰伦, Linda Berg", "Hm.", True),  # the list itself
        ("GitHub.", "", True),  # without the list nobody speaks
        ("GitHub.", "Get hub.", False),  # somebody says it
        ("I saw Linda Berg at GitHub yesterday", "", False),
    ],
)
def test_an_echo_is_told_by_what_is_heard_without_the_list(text, untold, echo):
    assert is_echo(text, untold, LISTED) == echo
