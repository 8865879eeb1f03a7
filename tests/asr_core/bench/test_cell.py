"""What a cell of the grid does besides the recordings one by one."""

from pathlib import Path

import numpy as np

from asr_core.bench.cell import _seconds_for_an_hour, _sound_of

SPOKEN = Path(__file__).resolve().parents[2] / "recordings" / "english-then-mandarin.flac"


def test_an_hour_is_the_recordings_again_and_again_in_one_go():
    heard = []
    assert _seconds_for_an_hour(heard.append, [SPOKEN]) >= 0
    (hour,) = heard
    assert hour.shape == (3600 * 16_000,)
    sound = _sound_of(SPOKEN)
    turn = len(sound) + 8_000  # half a second of pause
    assert np.array_equal(hour[: len(sound)], sound)
    assert np.array_equal(hour[turn : turn + len(sound)], sound)
    assert not hour[len(sound) : turn].any()
