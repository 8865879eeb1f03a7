"""Which tokens are worth going on with."""

from __future__ import annotations

import pytest
import torch

from asr_core.search.candidates import largest, shortlist
from asr_core.search.types import SearchOptions


@pytest.mark.parametrize("n_columns", [7, 128, 5000, 5120, 51865])
def test_the_largest_values_are_those_of_a_full_sort(n_columns):
    torch.manual_seed(n_columns)
    x = torch.randn(3, n_columns)
    x[1, : n_columns // 2] = -torch.inf
    x[2, -3:] = torch.tensor([9.0, 7.0, 8.0])
    values, columns = largest(x, 6)
    torch.testing.assert_close(values, x.topk(6, dim=1).values)
    torch.testing.assert_close(values, x.gather(1, columns))
    assert columns[2, :3].tolist() == [n_columns - 3, n_columns - 1, n_columns - 2]


def test_the_end_is_offered_once():
    log_probs = torch.randn(4, 20).log_softmax(-1)
    log_probs[0, 5] = 0.0  # the likeliest
    log_probs[1, 5] = -50.0
    tokens, scores = shortlist(log_probs, SearchOptions(eos_id=5, beam_size=3))
    for row in (0, 1):
        offered = (tokens[row] == 5) & (scores[row] > -torch.inf)
        assert offered.sum() == 1
        assert scores[row][offered].item() == pytest.approx(log_probs[row, 5].item())
