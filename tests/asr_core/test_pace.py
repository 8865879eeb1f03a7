"""How far, how long still, and times in words."""

import pytest

from asr_core.pace import Pace, clock


class Hands:
    """A clock that the test turns."""

    now = 100.0

    def __call__(self):
        return self.now


def test_the_estimate_waits_two_seconds_then_counts_down():
    hands = Hands()
    pace = Pace(hands)
    assert pace.eta is None
    hands.now += 1
    pace.report(10.0, 100.0)
    assert pace.fraction == 0.1
    assert pace.eta is None
    hands.now += 3
    pace.report(20.0, 100.0)
    assert pace.eta == pytest.approx(16.0)  # 20 % in 4 s
    hands.now += 5
    assert pace.eta == pytest.approx(11.0)
    hands.now += 50
    assert pace.eta == 0.0


def test_without_a_duration_nothing_is_promised():
    hands = Hands()
    pace = Pace(hands)
    hands.now += 10
    pace.report(50.0, None)
    assert (pace.fraction, pace.eta, pace.position) == (0.0, None, 50.0)


def test_a_header_that_lies_does_not_pass_one_hundred_percent():
    pace = Pace()
    pace.report(50.0, 10.0)
    assert pace.fraction == 1.0
    pace.report(0.0, 0.0)
    assert pace.fraction == 0.0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0:00"), (7.9, "0:07"), (760, "12:40"), (3723, "1:02:03"), (-1, "0:00")],
)
def test_times_are_said_as_people_write_them(seconds, said):
    assert clock(seconds) == said


def test_the_pace_of_a_part_counts_that_part_alone():
    hands = Hands()
    pace = Pace(hands, 60.0, 120.0)
    assert pace.position == 60.0
    assert pace.fraction == 0.0
    hands.now += 4
    pace.report(75.0, None)  # the part's end is known without the header
    assert pace.fraction == 0.25
    assert pace.eta == pytest.approx(12.0)
    pace.report(80.0, 100.0)
    assert pace.fraction == 0.5
