import pytest

from asr_core.text.timing import shared_time


def test_parts_share_the_time_by_size_and_leave_no_gap():
    assert shared_time([1, 3], 2.0, 4.0) == [(2.0, 2.5), (2.5, 4.0)]


@pytest.mark.parametrize("n", [1, 3, 7, 49])
def test_the_last_part_ends_exactly_at_the_end(n):
    times = shared_time([0.1] * n, 0.1, 0.7)
    assert times[0][0] == 0.1
    assert times[-1][1] == 0.7


def test_parts_without_size_have_no_time():
    assert shared_time([0, 0], 1.0, 2.0) == [(1.0, 1.0), (1.0, 1.0)]
    assert shared_time([], 1.0, 2.0) == []
