"""Confidence against truth: errors, the calibration that mends them, the picture."""

import random

import pytest

from asr_core.bench.confidence import calibration_error, diagram, doubts, fitted, judged
from asr_core.engines.words import calibrated
from asr_core.result import Language, Segment, Transcript, Word


def words_of(n, right_by):
    rng = random.Random(0)
    found = [rng.random() for _ in range(n)]
    return [(c, rng.random() < right_by(c)) for c in found]


def test_a_word_is_right_where_the_reference_has_it():
    words = [Word(text, 0.0, 1.0, c) for text, c in (("The", 0.9), ("bat", 0.4), ("sat.", 0.8))]
    segment = Segment(0.0, 1.0, "en", "The bat sat.", 0.7, tuple(words))
    transcript = Transcript("x", 1.0, (segment,), Language(0, 1, 0, "en"), "e", "joint")
    assert judged("the cat sat", transcript) == [(0.9, True), (0.4, False), (0.8, True)]


def test_figures_are_not_judged():
    words = (Word("in", 0.0, 1.0, 0.9), Word("1984.", 0.0, 1.0, 0.4))
    segment = Segment(0.0, 1.0, "en", "in 1984.", 0.7, words)
    transcript = Transcript("x", 1.0, (segment,), Language(0, 1, 0, "en"), "e", "joint")
    assert judged("in nineteen eighty four", transcript) == [(0.9, True)]


def test_a_threshold_of_doubt_catches_wrong_words():
    words = [(0.3, False)] * 3 + [(0.3, True)] + [(0.9, False)] + [(0.9, True)] * 5
    below = {doubt.threshold: doubt for doubt in doubts(words)}
    assert (below[0.3].share, below[0.3].precision, below[0.3].balance) == (0.0, 0.0, 0.0)
    half = below[0.5]
    assert (half.share, half.precision, half.recall, half.balance) == (0.4, 0.75, 0.75, 0.75)
    assert below[0.95].recall == 1.0


def test_the_error_is_the_gap_between_confidence_and_truth():
    assert calibration_error([(0.95, True)] * 19 + [(0.95, False)]) == pytest.approx(0.0)
    assert calibration_error([(0.9, False)] * 10) == pytest.approx(0.9)
    assert calibration_error(words_of(4000, lambda c: c)) < 0.04


def test_calibration_mends_boasting(tmp_path):
    fit, test = (words_of(4000, lambda c: c**3) for _ in range(2))
    before = calibration_error(test)
    calibration = fitted(fit)
    assert calibration == sorted(calibration)
    assert [y for _, y in calibration] == sorted(y for _, y in calibration)
    mended = [(calibrated(c, calibration), right) for c, right in test]
    assert before > 0.2
    assert calibration_error(mended) < 0.05
    diagram({"as it is": test, "calibrated": mended}, tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").read_text().count("<circle") == 20


def test_calibrated_lies_between_what_was_measured():
    points = [(0.2, 0.1), (0.6, 0.5), (0.8, 0.9)]
    assert calibrated(0.4, points) == pytest.approx(0.3)
    assert calibrated(0.1, points) == 0.1
    assert calibrated(1.0, points) == 0.9
    assert calibrated(0.37, ()) == 0.37
