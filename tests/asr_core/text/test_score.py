"""Error rates as the field counts them."""

import itertools

import pytest

from asr_core.text.score import error_rate, n_errors, scored_tokens


def test_english_counts_words_and_chinese_characters():
    assert scored_tokens("Hello, 世界! It's ’fine’.") == ["hello", "世", "界", "it's", "fine"]
    assert scored_tokens("開會 at 3:30") == ["开", "会", "at", "3", "30"]


@pytest.mark.parametrize(
    ("reference", "hypothesis", "errors"),
    [("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3)],
)
def test_fewest_changes(reference, hypothesis, errors):
    assert n_errors(reference, hypothesis) == errors


def test_fewest_changes_equal_trying_them_all():
    def tried(a, b):
        if not a or not b:
            return len(a) + len(b)
        return min(tried(a[1:], b[1:]) + (a[0] != b[0]), tried(a[1:], b) + 1, tried(a, b[1:]) + 1)

    texts = ["".join(t) for n in range(4) for t in itertools.product("ab", repeat=n)]
    for a, b in itertools.product(texts, texts):
        assert n_errors(a, b) == tried(a, b)


def test_rate_is_of_all_tokens():
    assert error_rate(["a b c", "你好"], ["a b", "你坏"]) == pytest.approx(2 / 5)
    assert error_rate([], []) == 0.0
