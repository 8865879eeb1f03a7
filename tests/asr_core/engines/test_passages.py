"""Windows are cut in the pauses where the language changes, and nothing of them is lost."""

import numpy as np
import pytest

from asr_core.audio.decode import SAMPLE_RATE
from asr_core.audio.segment import Window
from asr_core.engines.passages import Passage
from asr_core.text.language import Choice

SPANS = ((10.5, 12.0), (12.4, 14.0), (15.0, 16.0), (17.0, 18.5))


@pytest.fixture
def whole():
    waveform = np.arange(9 * SAMPLE_RATE, dtype=np.float32)
    return Passage.whole(Window(10.0, waveform, SPANS))


def test_a_window_of_one_language_stays_whole(whole):
    (piece,) = whole.cut([Choice("en")] * 4)
    assert (piece.start, piece.end, piece.spans) == (whole.start, whole.end, SPANS)
    assert (piece.language, piece.rival) == ("en", None)
    np.testing.assert_array_equal(piece.waveform, whole.waveform)


def test_pieces_meet_in_the_middle_of_the_pause(whole):
    choices = [Choice("zh"), Choice("zh"), Choice("en", "zh"), Choice("zh")]
    pieces = whole.cut(choices)
    assert [piece.start for piece in pieces] == [10.0, 14.5, 16.5]
    assert [piece.spans for piece in pieces] == [SPANS[:2], SPANS[2:3], SPANS[3:]]
    assert [(piece.language, piece.rival) for piece in pieces] == [
        ("zh", None),
        ("en", "zh"),
        ("zh", None),
    ]
    np.testing.assert_array_equal(np.concatenate([p.waveform for p in pieces]), whole.waveform)


def test_a_stretch_has_frames_within_its_passage(whole):
    assert whole.n_frames == 450
    assert whole.frames((10.5, 12.0)) == slice(25, 100)
    assert whole.frames((10.5, 10.5)) == slice(25, 26)
