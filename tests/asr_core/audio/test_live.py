"""Live windows: whole ones as of any recording, and the one that grows as often as one may ask."""

import numpy as np
import pytest

from asr_core.audio import SAMPLE_RATE, live
from asr_core.audio.live import live_windows
from asr_core.audio.segment import speech_windows

STRETCHES = [(0.5, 3.0), (3.5, 6.0), (11.0, 13.5), (14.0, 33.0)]
END = 38.0


@pytest.fixture(scope="module")
def scene(babble):
    """Two sentences, a long pause, a sentence, and one of 19 seconds over a faint hiss."""
    scene = 1e-4 * np.random.default_rng(5).standard_normal(int(END * SAMPLE_RATE))
    for i, (start, end) in enumerate(STRETCHES):
        voice = babble(end - start, seed=i)
        scene[round(start * SAMPLE_RATE) :][: len(voice)] += voice
    return scene.astype(np.float32)


class Microphone:
    """Gives the sound in pieces of half a second, once they are made; knows what time it is."""

    def __init__(self, scene):
        self.pieces = [scene[i : i + 8000] for i in range(0, len(scene), 8000)]
        self.now = 0.0

    def __iter__(self):
        for i, piece in enumerate(self.pieces):
            self.now = max(self.now, (i + 1) / 2)
            yield piece


def listened(scene, monkeypatch, costs=0.0, is_behind=False):
    """(time, window) of all that comes; to read an open one takes `costs` of its length."""
    microphone = Microphone(scene)
    monkeypatch.setattr(live, "monotonic", lambda: microphone.now)
    found = []
    for window in live_windows(microphone, lambda: is_behind):
        found.append((microphone.now, window))
        if window.is_open:
            microphone.now += costs * window.duration
    return found


def spans(windows):
    return [(window.start, window.spans) for window in windows if not window.is_open]


def test_the_whole_windows_are_those_of_any_recording(scene, monkeypatch):
    whole = list(speech_windows([scene]))
    for found in (
        listened(scene, monkeypatch),
        listened(scene, monkeypatch, costs=0.3),
        listened(scene, monkeypatch, is_behind=True),
    ):
        closed = [window for _, window in found if not window.is_open]
        assert spans(closed) == spans(whole)
        for one, other in zip(closed, whole, strict=True):
            np.testing.assert_array_equal(one.waveform, other.waveform)


def test_the_window_that_grows_is_given_about_once_a_second(scene, monkeypatch):
    found = listened(scene, monkeypatch)
    for start, end in STRETCHES:
        times = [now for now, w in found if w.is_open and w.spans and start < now < end]
        assert len(times) >= (end - start) // 1.1 - 1
    said = [window for _, window in found if window.is_open and window.spans]
    for window in said:
        first, last = (round(at * SAMPLE_RATE) for at in (window.start, window.end))
        np.testing.assert_array_equal(window.waveform, scene[first:last])
        assert (window.spans[0][0], window.spans[-1][1]) == (window.start, window.end)
    assert {window.start for window in said} == {
        window.start for _, window in found if window.spans
    }


def test_what_is_complete_is_wanted_soon_also_where_nobody_goes_on(scene, monkeypatch):
    found = listened(scene[: 11 * SAMPLE_RATE], monkeypatch)  # a pause of five seconds at its end
    i = next(i for i, (_, window) in enumerate(found) if not window.is_open)
    (now, closed), (then, after) = found[i : i + 2]
    assert closed.end < now < 10.0
    assert (after.is_open, after.spans, len(after.waveform), then) == (True, (), 0, now)
    assert len(found) == i + 2  # and nothing more while nothing is said


def test_reading_them_takes_half_of_the_time_at_most(scene, monkeypatch):
    slow = [(now, w.duration) for now, w in listened(scene, monkeypatch, 0.3) if w.is_open]
    until, _ = slow[-1]
    assert sum(0.3 * duration for _, duration in slow[:-1]) <= until / 2
    quick = [w.duration for _, w in listened(scene, monkeypatch) if w.is_open]
    assert 0.3 * sum(quick) > END / 2  # which the same without rest would not have kept


def test_who_is_behind_is_given_none(scene, monkeypatch):
    assert not any(w.is_open for _, w in listened(scene, monkeypatch, is_behind=True))
