"""Layers in 8-bit floats: computed here by the processor's product, never yet by a card."""

import pytest
import torch
from torch import nn

from asr_core.model.linear import Linear
from asr_core.quantize.fp8 import Fp8Linear, has_fp8, use_fp8

try:
    EYE = torch.eye(16).to(torch.float8_e4m3fn)
    ONE = torch.ones(())
    torch.ops.aten._scaled_mm(EYE, EYE.T, ONE, ONE, out_dtype=torch.float32)
    HAS_PRODUCT = True
except (RuntimeError, NotImplementedError):
    HAS_PRODUCT = False


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return Linear(48, 32)


@pytest.mark.skipif(not HAS_PRODUCT, reason="this torch has no product of 8-bit floats here")
def test_it_computes_nearly_what_the_float_layer_does(layer):
    x = 3 * torch.randn(2, 5, 48)
    with torch.inference_mode():
        exact, found = layer(x), Fp8Linear(layer.weight, layer.bias)(x)
    assert (found.shape, found.dtype) == (exact.shape, torch.float32)
    assert 0 < (found - exact).norm() / exact.norm() < 0.06


@pytest.mark.skipif(not HAS_PRODUCT, reason="this torch has no product of 8-bit floats here")
def test_in_an_autocast_it_gives_its_precision(layer):
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        assert Fp8Linear(layer.weight, None)(torch.randn(3, 48)).dtype == torch.bfloat16


def test_rows_are_those_of_the_weight(layer):
    found = Fp8Linear(layer.weight, layer.bias).rows(torch.tensor([3, 1]))
    exact = layer.weight[[3, 1]].detach()
    assert (found - exact).abs().max() <= exact.abs().max() / 16 + 1e-6


def test_a_model_that_is_made_float32_keeps_its_8_bits(layer):
    quantized = Fp8Linear(layer.weight, layer.bias)
    rows = quantized.rows(torch.arange(32))
    assert torch.equal(quantized.float().rows(torch.arange(32)), rows)
    assert quantized.codes.dtype == torch.uint8


def test_layers_of_other_sizes_stay_float():
    part = nn.ModuleDict({"fits": Linear(32, 16), "odd": Linear(32, 9), "norm": nn.LayerNorm(32)})
    use_fp8(part)
    assert [type(part[name]) for name in part] == [Fp8Linear, Linear, nn.LayerNorm]


@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_neither_the_processor_nor_apple_has_it(device):
    assert not has_fp8(torch.device(device))
