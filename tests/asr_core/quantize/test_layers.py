"""Layers of codes compute what their codes say, in every form."""

import pytest
import torch

from asr_core.model.linear import Linear
from asr_core.quantize import layers
from asr_core.quantize.layers import (
    Int4Steps,
    Int4Weights,
    Int8Dynamic,
    Int8Weights,
    QuantizedEmbedding,
    has_int4_product,
    has_int8_product,
)

FORMS = {
    "int8": Int8Dynamic,
    "int8_weights": Int8Weights,
    "int4_weights": lambda weight, bias: Int4Weights(weight, bias, 32),
    "int4": lambda weight, bias: Int4Steps(weight, bias, 32),
}
# Root mean square of the difference to float, as a share of what is right, for normal numbers: a
# step of 127 in max|row|, of 15 in the range of a group.
TOLERANCES = {"int8": 0.015, "int8_weights": 0.01, "int4_weights": 0.13, "int4": 0.13}


@pytest.fixture
def linear():
    torch.manual_seed(0)
    with torch.inference_mode():
        layer = Linear(64, 48)
        layer.weight.normal_()
    return layer


@pytest.fixture
def x():
    torch.manual_seed(1)
    return torch.randn(2, 7, 64) * torch.tensor([1e-3, 1.0, 30.0, 0.0, 1.0, 1.0, 1.0])[:, None]


@torch.inference_mode()
@pytest.mark.parametrize("form", FORMS)
def test_a_layer_of_codes_is_near_the_float_one_row_by_row(linear, x, form):
    layer = FORMS[form](linear.weight, linear.bias)
    off = (layer(x) - linear(x)).square().mean(-1).sqrt()
    right = (linear(x) - linear.bias).square().mean(-1).sqrt()
    assert off.max() > 0
    assert (off <= TOLERANCES[form] * right + 1e-6).all()


@torch.inference_mode()
@pytest.mark.parametrize("form", FORMS)
def test_a_layer_computes_with_its_codes_exactly(linear, form):
    """On inputs that 8 bits hold, the output is that of the rows the layer says it has."""
    layer = FORMS[form](linear.weight, linear.bias)
    x = torch.randint(-127, 128, (9, 64)).float()
    x[:, 0] = 127  # so that the step of a row is 1
    rows = layer.rows(torch.arange(48))
    # The product of few rows in 4 bits rounds the middle of a group and what it gives to bfloat16.
    loss = (
        {"rtol": 0.01, "atol": 0.01 * 127 * 8} if form == "int4" else {"rtol": 1e-4, "atol": 2e-3}
    )
    torch.testing.assert_close(layer(x), x @ rows.T + linear.bias, **loss)
    units = torch.tensor([5, 0, 47])
    torch.testing.assert_close(layer.of_units(x, units), layer(x)[:, units], **loss)


@torch.inference_mode()
@pytest.mark.parametrize("form", FORMS)
def test_time_may_stand_last(linear, x, form):
    layer = FORMS[form](linear.weight, linear.bias)
    assert torch.equal(layer.time_last(x), layer(x).mT)
    torch.testing.assert_close(linear.time_last(x), linear(x).mT, rtol=1e-4, atol=1e-3)


@torch.inference_mode()
@pytest.mark.parametrize("form", FORMS)
def test_autocast_says_in_which_precision(linear, x, form):
    layer = FORMS[form](linear.weight, linear.bias)
    assert layer(x).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(x).dtype == torch.bfloat16
        assert layer(x[:0]).shape == (0, 7, 48)
        assert layer(x[:0]).dtype == torch.bfloat16


@torch.inference_mode()
@pytest.mark.skipif(not has_int8_product(), reason="no exact 8-bit product here")
def test_without_the_fast_product_the_result_is_the_same(linear, x, monkeypatch):
    fast = Int8Dynamic(linear.weight, linear.bias, keeps_rows=False)
    assert fast.packed is not None
    assert fast.codes is None
    monkeypatch.setattr(layers, "has_int8_product", lambda: False)
    slow = Int8Dynamic(linear.weight, linear.bias, keeps_rows=False)
    assert slow.packed is None
    assert slow.codes is not None
    torch.testing.assert_close(fast(x), slow(x), rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_a_product_that_saturates_is_not_used(monkeypatch):
    exact = layers._int8_product

    def saturating(*given):
        return exact(*given).clamp(max=32767)

    layers.has_int8_product.cache_clear()
    monkeypatch.setattr(layers, "_int8_product", saturating)
    try:
        assert not has_int8_product()
    finally:
        layers.has_int8_product.cache_clear()


@torch.inference_mode()
@pytest.mark.parametrize("form", FORMS)
def test_an_embedding_shares_the_codes_of_its_output_layer(linear, form):
    layer = FORMS[form](linear.weight, None)
    embedding = QuantizedEmbedding(layer)
    tokens = torch.tensor([[3, 0], [47, 3]])
    assert embedding(tokens).shape == (2, 2, 64)
    assert torch.equal(embedding(tokens)[1, 1], layer.rows(torch.tensor([3]))[0])


@torch.inference_mode()
def test_few_rows_in_4_bits_are_the_same_by_torchs_own_product_and_without_it(linear, monkeypatch):
    plain = Int4Weights(linear.weight, linear.bias, 32)
    steps = Int4Steps(linear.weight, linear.bias, 32)
    many = torch.randn(129, 64)
    assert torch.equal(steps(many), plain(many))
    few = many[:5]
    with torch.autocast("cpu", torch.bfloat16):
        off = (steps(few) - plain(few)).float().square().mean().sqrt()
        assert off <= 0.01 * plain(few).float().square().mean().sqrt()
    assert (steps.packed is not None) == has_int4_product()
    monkeypatch.setattr(layers, "has_int4_product", lambda: False)
    without = Int4Steps(linear.weight, linear.bias, 32)
    assert torch.equal(without(few), plain(few))
