"""Weights as codes: how far they are from the weights, and that packing loses nothing."""

import random

import pytest
import torch

from asr_core.quantize.codes import (
    int4_codes,
    int4_values,
    int8_codes,
    packed_pairs,
    unpacked_pairs,
)

SEEDS = range(60)


@pytest.fixture
def weight(seed):
    """Rows of very different size, some of one value, some of zeros, some with one large value."""
    chance = random.Random(seed)
    generator = torch.Generator().manual_seed(seed)
    n_rows = chance.randint(1, 6)
    weight = torch.randn(n_rows, 32 * chance.randint(1, 4), generator=generator)
    for row in weight:
        row *= 10.0 ** chance.randint(-6, 4)
    if chance.random() < 0.5:
        weight[chance.randrange(n_rows)] = chance.choice([0.0, 1.0, -3.5])
    if chance.random() < 0.5:
        weight[chance.randrange(n_rows), 0] = chance.choice([1e3, -1e5])
    return weight


@pytest.mark.parametrize("steps", [127, 63])
@pytest.mark.parametrize("seed", SEEDS)
def test_eight_bits_are_off_by_half_a_step_at_most(weight, steps):
    codes, scales = int8_codes(weight, steps)
    assert codes.dtype == torch.int8
    assert codes.shape == weight.shape
    off = (codes * scales[:, None] - weight).abs().amax(dim=1)
    largest = weight.abs().amax(dim=1)
    assert (off <= 0.5001 * largest / steps + 1e-12).all()
    assert (codes[weight == 0] == 0).all()
    assert int(codes.min()) >= -steps  # symmetric: oneDNN and the sign of a weight agree


@pytest.mark.parametrize("seed", SEEDS)
def test_eight_bits_of_eight_bits_are_the_same(weight):
    codes, scales = int8_codes(weight)
    again, _ = int8_codes(codes * scales[:, None])
    assert torch.equal(again, codes)


@pytest.mark.parametrize("group", [32, 64, 128])
@pytest.mark.parametrize("seed", SEEDS)
def test_four_bits_are_off_by_half_a_step_at_most(weight, group):
    if weight.shape[1] % group:
        with pytest.raises(ValueError, match=f"groups of {group}"):
            int4_codes(weight, group)
        return
    codes, scales, least = int4_codes(weight, group)
    assert codes.dtype == torch.uint8
    assert codes.shape == (weight.shape[1] // 2, len(weight))  # two a byte
    groups = weight.unflatten(1, (-1, group))
    values = int4_values(codes, scales.float(), least.float()).T
    off = (values - weight).unflatten(1, (-1, group)).abs()
    wide = groups.amax(dim=2) - groups.amin(dim=2)
    rounding = 2**-8 * groups.abs().amax(dim=2)  # of the least value and of 15 scales
    assert (off.amax(dim=2) <= 0.5001 * wide / 15 + rounding + 1e-11).all()


@pytest.mark.parametrize(("n_pairs", "n_columns"), [(1, 1), (3, 5), (40, 2)])
def test_two_numbers_a_byte_come_back_as_they_were(n_pairs, n_columns):
    codes = torch.randint(0, 16, (2 * n_pairs, n_columns), dtype=torch.uint8)
    pairs = packed_pairs(codes)
    assert pairs.shape == (n_pairs, n_columns)
    assert torch.equal(unpacked_pairs(pairs), codes)
