"""Windows hold all speech, cut at pauses, never longer than allowed."""

import tracemalloc

import numpy as np
import pytest

import asr_core.audio.segment as segment
from asr_core.audio.segment import SAMPLE_RATE, speech_windows
from asr_core.audio.voice import FRAME


def pieces_of(samples, size):
    return [samples[start : start + size] for start in range(0, len(samples), size)]


def scene_of(babble, stretches, seconds, floor=1e-4):
    """Babble in the given (start, end) stretches over a faint hiss."""
    scene = floor * np.random.default_rng(5).standard_normal(int(seconds * SAMPLE_RATE))
    for i, (start, end) in enumerate(stretches):
        voice = babble(end - start, seed=i)
        at = round(start * SAMPLE_RATE)
        scene[at : at + len(voice)] += voice
    return scene.astype(np.float32)


def check(windows, scene, max_duration=30.0):
    """What holds for any windows of any scene."""
    last = 0.0
    for window in windows:
        start, end = round(window.start * SAMPLE_RATE), round(window.end * SAMPLE_RATE)
        np.testing.assert_array_equal(window.waveform, scene[start:end])
        assert window.waveform.dtype == np.float32
        assert len(window.waveform) <= max_duration * SAMPLE_RATE
        assert (window.spans[0][0], window.spans[-1][1]) == (window.start, window.end)
        for begin, stop in window.spans:
            assert last <= begin < stop <= len(scene) / SAMPLE_RATE
            last = stop


def test_every_stretch_of_speech_is_found_and_kept_apart(babble):
    stretches = [(0.5, 2.0), (2.6, 4.0), (7.5, 9.5), (9.9, 12.0), (20.0, 20.6)]
    scene = scene_of(babble, stretches, 25)
    windows = list(speech_windows([scene]))
    check(windows, scene)
    spans = [span for window in windows for span in window.spans]
    assert len(spans) == len(stretches)
    for (start, end), (begin, stop) in zip(stretches, spans, strict=True):
        assert start - 0.25 < begin <= start + 0.02
        assert end - 0.02 <= stop < end + 0.3
    assert [len(window.spans) for window in windows] == [2, 2, 1]  # pauses of 3.5 s and 8 s part


@pytest.mark.parametrize("size", [160, 5000, 16_000, 80_000])
def test_blocks_of_any_size_give_the_same_windows(babble, size):
    scene = scene_of(babble, [(1, 4), (5, 45), (60, 62)], 64)
    whole, parts = list(speech_windows([scene])), list(speech_windows(pieces_of(scene, size)))
    assert [window.spans for window in parts] == [window.spans for window in whole]
    for part, one in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(part.waveform, one.waveform)


@pytest.mark.parametrize("max_duration", [30.0, 12.0, 5.0])
def test_a_speech_without_pause_is_cut_at_its_quietest_point(babble, max_duration):
    scene = scene_of(babble, [(0.5, 70.5)], 72)
    dips = np.arange(0.8 * max_duration, 70, 0.8 * max_duration)  # each 100 ms, no pause
    for dip in dips:
        at = int((0.5 + dip) * SAMPLE_RATE)
        scene[at : at + 1600] *= 0.01
    windows = list(speech_windows([scene], max_duration=max_duration))
    check(windows, scene, max_duration)
    cuts = [window.end for window in windows[:-1]]
    assert [cut - 0.5 for cut in cuts] == pytest.approx(dips[: len(cuts)] + 0.05, abs=0.06)
    assert [window.start for window in windows[1:]] == cuts


def test_spans_are_packed_while_the_window_lasts(babble):
    stretches = [(1 + 4 * i, 4 + 4 * i) for i in range(12)]
    scene = scene_of(babble, stretches, 50)
    windows = list(speech_windows([scene]))
    check(windows, scene)
    assert [len(window.spans) for window in windows] == [2, 5, 5]  # the first is shorter
    longer = list(speech_windows([scene], first=30.0, usual=30.0))
    assert [len(window.spans) for window in longer] == [7, 5]
    alone = list(speech_windows([scene], max_gap=0.5))
    assert [len(window.spans) for window in alone] == [1] * 12


def test_short_pauses_do_not_part_and_long_ones_do(babble):
    scene = scene_of(babble, [(1, 2), (2.12, 3), (3.5, 5)], 6)
    (window,) = speech_windows([scene])
    assert len(window.spans) == 2
    (window,) = speech_windows([scene], min_pause=1.0)
    assert len(window.spans) == 1


@pytest.mark.parametrize(
    "scene",
    [
        np.zeros(0),
        np.zeros(1),
        np.zeros(60 * SAMPLE_RATE),
        0.02 * np.random.default_rng(0).standard_normal(20 * SAMPLE_RATE),
        0.0003 * np.random.default_rng(0).standard_normal(20 * SAMPLE_RATE),
        0.3 * np.sin(np.arange(10 * SAMPLE_RATE) * 0.17),
    ],
    ids=["empty", "one sample", "silence", "noise", "faint noise", "tone"],
)
def test_where_nobody_speaks_there_is_no_window(scene):
    assert list(speech_windows([scene.astype(np.float32)])) == []


def test_speech_at_both_ends_of_the_recording_is_kept(babble):
    scene = babble(3)
    (window,) = speech_windows([scene])
    check([window], scene)
    assert window.start < 0.1
    assert window.end > 2.95


def test_the_first_window_comes_before_the_recording_is_over(babble):
    scene = scene_of(babble, [(1, 3), (8, 10)], 60)
    read = []

    def blocks():
        for block in pieces_of(scene, SAMPLE_RATE):
            read.append(len(block))
            yield block

    windows = speech_windows(blocks())
    next(windows)
    assert sum(read) <= 7 * SAMPLE_RATE


@pytest.mark.parametrize("max_duration", [0, 30.1])
def test_a_window_no_recognizer_takes_is_a_mistake(max_duration):
    with pytest.raises(ValueError, match="1 to 30 seconds"):
        list(speech_windows([], max_duration=max_duration))


def made_up(rng, n_frames):
    """Probabilities of somebody who speaks and pauses at random."""
    values = np.zeros(0)
    while len(values) < n_frames:
        length = int(rng.exponential(rng.choice([2, 10, 60, 900]))) + 1
        values = np.append(
            values, rng.uniform(*rng.choice([(0, 0.3), (0.3, 0.6), (0.6, 1)]), length)
        )
    return values[:n_frames]


@pytest.mark.parametrize("seed", range(30))
def test_windows_of_any_course_of_speech_are_sound(monkeypatch, seed):
    """Thousands of courses no voice would take, with the network's answers made up."""
    rng = np.random.default_rng(seed)
    scene = rng.uniform(-1, 1, rng.integers(1, 200 * SAMPLE_RATE)).astype(np.float32)
    values = made_up(rng, -(-len(scene) // FRAME))
    batches = zip(pieces_of(scene, 32 * FRAME), pieces_of(values, 32), strict=True)
    monkeypatch.setattr(segment, "speech_probabilities", lambda blocks: batches)
    options = {
        "max_duration": rng.choice([1, 3.7, 30]).item(),
        "max_gap": rng.choice([0, 0.4, 2]).item(),
        "min_pause": rng.choice([0.1, 0.25, 1]).item(),
        "lead": rng.choice([0, 0.1, 0.3]).item(),
        "trail": rng.choice([0, 0.1, 0.3]).item(),
    }
    windows = list(speech_windows([], **options))
    check(windows, scene, options["max_duration"])
    covered = np.zeros(len(scene) + FRAME, bool)
    for window in windows:
        for begin, stop in window.spans:
            covered[round(begin * SAMPLE_RATE) : round(stop * SAMPLE_RATE)] = True
        gaps = [b[0] - a[1] for a, b in zip(window.spans, window.spans[1:], strict=False)]
        assert all(gap <= options["max_gap"] for gap in gaps)
    covered[len(scene) :] = True
    for frame in np.flatnonzero(values >= segment.CLEAR):  # whoever speaks clearly is heard
        assert covered[frame * FRAME : (frame + 1) * FRAME].all()


def test_half_an_hour_of_speech_takes_no_more_memory_than_four_windows(monkeypatch):
    rng = np.random.default_rng(0)

    def batches(blocks):
        for _ in range(1800):
            yield np.full(32 * FRAME, 0.1, np.float32), made_up(rng, 32)

    monkeypatch.setattr(segment, "speech_probabilities", batches)
    tracemalloc.start()
    try:
        n_samples = sum(len(window.waveform) for window in speech_windows([]))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n_samples > 900 * SAMPLE_RATE
    assert peak < 4 * 30 * SAMPLE_RATE * 4  # bytes: tape, window, and the search for a cut
