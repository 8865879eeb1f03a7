"""The first window alone, then ever more together; none lost, none out of order."""

import numpy as np

from asr_core.audio.segment import Window
from asr_core.engines.batches import growing_batches

SECONDS = 20.0


def windows(n):
    return [
        Window(SECONDS * i, np.zeros(round(16_000 * SECONDS), np.float32), ()) for i in range(n)
    ]


def test_batches_grow_to_three_minutes():
    given = windows(25)
    batches = [*growing_batches(given)]
    assert [len(batch) for batch in batches] == [1, 3, 9, 9, 3]
    assert [window for batch in batches for window in batch] == given


def test_the_first_window_does_not_wait_for_the_second():
    asked = []

    def coming():
        for window in windows(3):
            asked.append(window)
            yield window

    assert len(next(growing_batches(coming()))) == 1
    assert len(asked) == 1


def test_all_before_an_open_window_comes_before_it():
    closed = windows(2)
    sound = np.zeros(16_000, np.float32)
    opened = Window(40.0, sound, ((40.0, 41.0),), is_open=True)
    silent = Window(40.0, sound, (), is_open=True)
    assert [*growing_batches([*closed, opened])] == [closed[:1], closed[1:], [opened]]
    assert [*growing_batches([*closed, silent])] == [closed[:1], closed[1:]]
