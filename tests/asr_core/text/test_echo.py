"""A text that is the list of terms and not what was said."""

import pytest

from asr_core.text.echo import is_of_terms, is_recited
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
