"""The page's words exist in both languages and say the same."""

import string

import pytest

from ui_components import phrases


@pytest.mark.parametrize("key", list(phrases._PHRASES))
def test_both_languages_fill_in_the_same_values(key):
    def values(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english, chinese = phrases._PHRASES[key]
    assert values(english) == values(chinese)


@pytest.mark.parametrize(
    ("n_bytes", "said"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1_240_000, "1.2 MB"),
        (4_087_646_324, "4.1 GB"),
    ],
)
def test_sizes_are_said_as_people_do(n_bytes, said):
    assert phrases.size(n_bytes) == said
