"""Weights as small whole numbers: 8 bits with a scale a row, 4 bits with a scale a group.

Source: Jacob et al. 2018, Quantization and Training of Neural Networks, section 2.1 (scales and
zero points); Frantar et al. 2023, GPTQ, section 4 (groups).
"""

from __future__ import annotations

import torch
from torch import Tensor

_STEPS = 127  # of 8 bits to either side: symmetric, so that 0 is 0
_LEVELS = 15  # above the least, of 4 bits
_LEAST = 1e-12  # a scale is no less: a row of zeros stays one


def int8_codes(weight: Tensor, steps: int = _STEPS) -> tuple[Tensor, Tensor]:
    """A matrix (E, D) as int8 codes of its shape and float32 scales (E,).

    codes * scale differs from the weight by at most half a scale, which is max|row| / steps.

    Args:
        steps: to either side of 0; 63 leaves a bit free.
    """
    rows = weight.detach().float()
    scales = (rows.abs().amax(dim=1) / steps).clamp_min(_LEAST)  # (E,)
    return (rows / scales[:, None]).round().to(torch.int8), scales


def int4_codes(weight: Tensor, group: int) -> tuple[Tensor, Tensor, Tensor]:
    """A matrix (E, D) as packed 4-bit codes, and the scale and the least value of every group.

    code * scale + least differs from the weight by at most half a scale, which is the range of
    the group / 15, and what 16 bits lose of the group's largest number. Outputs stand last, as
    what is the same for all of a group is then spread over it fastest.

    Args:
        group: inputs that share a scale; divides D and is even.

    Returns:
        (D / 2, E) uint8 as `packed_pairs` has them; (D / group, E) bfloat16 scales and leasts.

    Raises:
        ValueError: groups of that size do not fit the matrix.
    """
    if group % 2 or weight.shape[1] % group:
        raise ValueError(f"groups of {group} in rows of {weight.shape[1]}")
    groups = weight.detach().float().T.unflatten(0, (-1, group))  # (G, group, E)
    low, high = groups.amin(dim=1), groups.amax(dim=1)
    scales = ((high - low) / _LEVELS).clamp_min(_LEAST).bfloat16()
    least = low.bfloat16()  # rounded before they are used: the codes make up for it
    codes = ((groups - least[:, None].float()) / scales[:, None].float()).round()
    codes = codes.clamp_(0, _LEVELS).to(torch.uint8).flatten(0, 1)  # (D, E)
    return packed_pairs(codes), scales, least


def int4_values(codes: Tensor, scales: Tensor, least: Tensor) -> Tensor:
    """(D, E) of the scales' type, from what `int4_codes` gave."""
    groups = unpacked_pairs(codes).unflatten(0, (len(scales), -1)).to(scales.dtype)
    return torch.addcmul(least[:, None], groups, scales[:, None]).flatten(0, 1)


def packed_pairs(codes: Tensor) -> Tensor:
    """(D, E) uint8 numbers below 16, two a byte: (D / 2, E), the first half in the low bits."""
    half = len(codes) // 2
    return codes[:half] | (codes[half:] << 4)


def unpacked_pairs(pairs: Tensor) -> Tensor:
    """What `packed_pairs` was given."""
    return torch.cat([pairs & 15, pairs >> 4])
