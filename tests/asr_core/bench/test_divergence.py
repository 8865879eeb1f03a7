"""How far a form moves what the decoder expects."""

import numpy as np
import pytest
import torch

from asr_core.bench.divergence import Moved, interval, moved, table

LOG2 = 0.693147


def test_it_is_summed_by_recording_and_the_likeliest_tokens_are_counted():
    exact = [
        torch.tensor([[0.5, 0.25, 0.25], [0.6, 0.2, 0.2]]).log(),
        torch.tensor([[0.9, 0.1]]).log(),
    ]
    found = [torch.tensor([[0.25, 0.5, 0.25], [0.6, 0.2, 0.2]]).log(), exact[1]]
    of = moved(exact, found)
    assert of.divergence.tolist() == pytest.approx([0.25 * LOG2, 0.0], abs=1e-5)
    assert of.same.tolist() == [1.0, 1.0]
    assert of.n_tokens.tolist() == [2.0, 1.0]


def test_the_interval_is_around_the_mean_a_token_and_narrow_where_all_are_alike():
    n_tokens = np.array([1.0, 3.0] * 20)
    mean, low, high = interval(0.2 * n_tokens, n_tokens)
    assert (mean, low, high) == pytest.approx((0.2, 0.2, 0.2))
    mean, low, high = interval(np.array([0.0, 4.0] * 20), n_tokens)
    assert mean == 1.0
    assert low < 1.0 < high


def test_a_distilled_form_is_compared_with_itself_before():
    n_tokens = np.full(12, 10.0)
    before, after = (Moved(x * n_tokens, 9 * n_tokens / 10, n_tokens) for x in (0.05, 0.04))
    lines = table({"int4, 32": before, "int4, 32 distilled": after}).splitlines()
    assert lines[2] == "| int4, 32 | 0.0500 [0.0500, 0.0500] |  | 90.00 |"
    assert "| -0.0100 [-0.0100, -0.0100] |" in lines[3]
