"""Attention by plain products gives what torch's kernel gives."""

import pytest
import torch

from asr_core.model import attention
from asr_core.model.attention import MASKED


@pytest.mark.parametrize("in_cache", [1, 3 * 11**2, 2**18], ids=["a head", "three", "all"])
@pytest.mark.parametrize("biased", [(), (1,), (2,)], ids=["no bias", "one bias", "two"])
@pytest.mark.parametrize("is_masked", [True, False])
def test_products_in_turn_agree_with_the_kernel(monkeypatch, in_cache, biased, is_masked):
    monkeypatch.setattr(attention, "_IN_CACHE", in_cache)
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 8, 11, 16).bfloat16()
    bias = torch.randn(*biased, 8, 11, 11) if biased else None
    mask = torch.zeros(2, 1, 1, 11)
    mask[1, ..., 6:] = MASKED
    given = (bias, mask if is_masked else None)
    expected = attention._mixed(q.float(), k.float(), v.float(), *given)
    with torch.inference_mode():
        found = attention._mixed(q, k, v, *given)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), expected, atol=0.03, rtol=0.03)
