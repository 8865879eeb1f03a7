"""What CTC says about a passage: that there is nothing in it, and when its tokens were said."""

import torch

from asr_core.engines.inventions import without_silence
from asr_core.search.posteriors import PosteriorTable
from asr_core.search.types import Hypothesis

SAID = Hypothesis((7,), -1.0, (-1.0,), ended=True)


def posteriors(*frames):
    """(1, T, 3) of a blank and two units."""
    return PosteriorTable(torch.tensor([frames]).log(), torch.tensor([len(frames)]))


def test_where_no_unit_is_likely_nothing_is_said():
    (found,) = without_silence([SAID], posteriors((0.9, 0.05, 0.05), (0.6, 0.3, 0.1)))
    assert found.tokens == ()
    (found,) = without_silence([SAID], posteriors((0.9, 0.05, 0.05), (0.4, 0.3, 0.3)))
    assert found == SAID


def test_padding_says_nothing():
    ctc = posteriors((0.9, 0.05, 0.05), (0.1, 0.8, 0.1))
    ctc.lengths = torch.tensor([1])
    (found,) = without_silence([SAID], ctc)
    assert found.tokens == ()
