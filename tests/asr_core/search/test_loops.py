"""What counts as going round in circles, and what is only emphasis."""

from __future__ import annotations

import pytest

from asr_core.search.loops import is_looping


@pytest.mark.parametrize("phrase", [[7], [7, 8], [7, 8, 9], [7, 8, 9, 6]])
def test_a_short_phrase_may_be_said_eight_times_but_not_nine(phrase):
    before = [1, 2, 3]
    assert not is_looping(before + phrase * 8, 8)
    assert is_looping(before + phrase * 9, 8)
    assert is_looping(tuple(phrase * 9), 8)


def test_a_sentence_may_be_said_three_times_but_not_four():
    sentence = list(range(20))
    assert not is_looping([*sentence * 3, 1], 8)
    assert is_looping(sentence * 4, 8)


def test_what_changes_is_no_loop():
    assert not is_looping(list(range(300)), 8)
    assert not is_looping([1, 2, 3, 4, 5] * 2, 8)
    assert not is_looping([], 8)
    assert not is_looping(([1] * 8 + [2]) * 3, 8)


def test_a_loop_is_seen_at_the_end_only():
    assert not is_looping([5] * 20 + [1], 8)


def test_without_a_guard_nothing_is_a_loop():
    assert not is_looping([5] * 200, 0)
