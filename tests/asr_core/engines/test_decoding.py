"""What CTC says about a passage: that there is nothing in it, and when its tokens were said."""

import torch

from asr_core.engines.decoding import _silent


def posteriors(*frames):
    """(1, T, 3) of a blank and two units."""
    return torch.tensor([frames]).log(), torch.tensor([len(frames)])


def test_a_passage_is_silent_when_no_unit_is_likely_anywhere():
    assert _silent(*posteriors((0.9, 0.05, 0.05), (0.6, 0.3, 0.1))) == [True]
    assert _silent(*posteriors((0.9, 0.05, 0.05), (0.4, 0.3, 0.3))) == [False]


def test_padding_says_nothing():
    log_probs, _ = posteriors((0.9, 0.05, 0.05), (0.1, 0.8, 0.1))
    assert _silent(log_probs, torch.tensor([1])) == [True]
