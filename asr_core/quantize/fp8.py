"""Linear layers in 8-bit floating point, for NVIDIA cards that multiply it.

Weights and inputs are e4m3 (4 bits of exponent, 3 of fraction) with a scale each, the input's found
in use; sums are in higher precision.

Source: Micikevicius et al. 2022, FP8 Formats for Deep Learning, section 3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from asr_core.quantize.layers import QuantizedLinear, product_dtype

_FP8 = torch.float8_e4m3fn
_LARGEST = torch.finfo(_FP8).max
_LEAST = 1e-12  # a scale is no less
_MULTIPLE = 16  # of the sizes of a layer: others are not multiplied
_CAPABILITY = (8, 9)  # of the first cards that can


class Fp8Linear(QuantizedLinear):
    """What `asr_core.model.linear.Linear` is to the model, in 8-bit floats on a card.

    Attributes:
        codes: (E, D) uint8, the bits of the weight: as bytes, since a model that is made float32
            would otherwise take them along.
    """

    codes: Tensor
    scale: Tensor

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__(weight.shape, bias)
        codes, scale = _codes(weight.detach())
        self.register_buffer("codes", codes.view(torch.uint8))
        self.register_buffer("scale", scale)

    def rows(self, units: Tensor) -> Tensor:
        return self.codes[units].view(_FP8).float() * self.scale

    def product(self, x: Tensor) -> Tensor:
        codes, scale = _codes(x)
        weight = self.codes.view(_FP8).T  # (D, E), column by column, as the cards want it
        return torch.ops.aten._scaled_mm(
            codes, weight, scale, self.scale, out_dtype=product_dtype(x)
        )


def has_fp8(device: torch.device) -> bool:
    """Whether a device multiplies 8-bit floats."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= _CAPABILITY


def use_fp8(part: nn.Module | None) -> None:
    """Put the linear layers of a part of any model, where it is, into 8-bit floats.

    Those whose sizes the cards do not multiply stay as they are.
    """
    for parent in [] if part is None else [*part.modules()]:
        for name, layer in [*parent.named_children()]:
            if isinstance(layer, nn.Linear) and not any(n % _MULTIPLE for n in layer.weight.shape):
                setattr(parent, name, Fp8Linear(layer.weight, layer.bias))


def _codes(x: Tensor) -> tuple[Tensor, Tensor]:
    """A matrix as e4m3, and its scale, float32."""
    x = x.float()
    scale = (x.abs().amax() / _LARGEST).clamp_min(_LEAST)
    return (x / scale).to(_FP8), scale
