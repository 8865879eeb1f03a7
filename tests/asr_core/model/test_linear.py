"""Both libraries give the same, and the faster one is asked."""

import pytest
import torch
from torch.nn import functional as F

from asr_core.model import linear as module
from asr_core.model.linear import ACTIVATIONS, Linear, onednn_is_faster, packed


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")
@pytest.mark.parametrize("shape", [(7, 16), (2, 5, 16), (2, 0, 16)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_onednn_gives_what_torch_gives(shape, bias, dtype):
    torch.manual_seed(0)
    layer, x = Linear(16, 24, bias=bias, dtype=dtype), torch.randn(shape, dtype=dtype)
    with torch.inference_mode():
        expected = layer(x)
        layer.packed = packed(layer.weight)
        torch.testing.assert_close(layer(x), expected)


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("shape", [(2, 5, 16), (2, 0, 16)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_onednn_activates_as_torch_does(activation, shape, dtype):
    torch.manual_seed(0)
    layer, x = Linear(16, 24, dtype=dtype), 4 * torch.randn(shape, dtype=dtype)
    with torch.inference_mode():
        weight, bias = layer.weight.double(), layer.bias.double()
        exact = ACTIVATIONS[activation](F.linear(x.double(), weight, bias))
        tolerance = 1e-2 if dtype == torch.bfloat16 else 1e-5
        for form in (None, packed(layer.weight)):
            layer.packed = form
            found = layer.activated(x, activation).double()
            torch.testing.assert_close(found, exact, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("times", "expected"), [((1.0, 2.0), True), ((2.0, 1.0), False)], ids=["faster", "slower"]
)
@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")
def test_the_faster_one_is_asked(monkeypatch, times, expected):
    measured = iter(times)
    monkeypatch.setattr(module, "fastest", lambda work, n: next(measured))
    onednn_is_faster.cache_clear()
    try:
        assert onednn_is_faster(torch.float32) is expected
    finally:
        onednn_is_faster.cache_clear()
