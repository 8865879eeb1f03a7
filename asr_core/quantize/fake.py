"""Float layers that compute as layers of codes will, and can be trained to do it well.

The output is that of the codes; gradients reach the float weights as if nothing had been rounded.
On any device, where layers of codes are for the processor only.

Source: Bengio et al. 2013, Estimating or Propagating Gradients Through Stochastic Neurons, section
4 (straight-through estimator); Jacob et al. 2018, section 3 (training with simulated quantization).
"""

from __future__ import annotations

from typing import Any, Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from asr_core.model.hybrid import HybridModel
from asr_core.model.linear import Linear
from asr_core.quantize.codes import int4_codes, int4_values, int8_codes
from asr_core.quantize.parts import Form, Forms, quantize, replace_layers


class FakeQuantized(Linear):
    """A linear layer with the weights of another one, rounded to what codes of a form can say.

    Attributes:
        learns: whether its weights wanted gradients when it was made; else they stay what they are.

    Args:
        form: any but "float".
        group: of 4 bits.

    Raises:
        ValueError: groups of that size do not fit the weight.
    """

    def __init__(self, layer: nn.Linear, form: Form, group: int) -> None:
        n_inputs = layer.weight.shape[1]
        super().__init__(n_inputs, len(layer.weight), layer.bias is not None, device="meta")
        self.weight, self.bias = layer.weight, layer.bias
        self.learns = layer.weight.requires_grad
        self._form, self._group = form, group
        self._kept: Tensor | None = None
        self.train(layer.training)
        if form.startswith("int4") and (group % 2 or n_inputs % group):
            raise ValueError(f"groups of {group} in rows of {n_inputs}")

    def rounded(self) -> Tensor:
        """(E, D) what the codes say; computed once where it cannot change."""
        if self.training and self.learns:
            return _straight_through(self.weight, self._coded())
        if self._kept is None:
            with torch.inference_mode(False):  # or it could not be learned through later
                self._kept = self._coded()
        return self._kept

    def train(self, mode: bool = True) -> Self:
        if self.learns:
            self._kept = None
        return super().train(mode)

    def forward(self, input: Tensor) -> Tensor:
        if self._form == "int8":
            input = _straight_through(input, _in_8_bits(input.detach().float()))
        return F.linear(input, self.rounded(), self.bias)

    def time_last(self, x: Tensor) -> Tensor:
        """(B, T', D) -> (B, E, T')."""
        return self(x).mT.contiguous()

    def rows(self, units: Tensor) -> Tensor:
        """(n,) -> (n, D) rows of the weight."""
        return self.rounded()[units]

    def of_units(self, x: Tensor, units: Tensor) -> Tensor:
        """(..., D), (n,) -> (..., n): only these outputs."""
        bias = None if self.bias is None else self.bias[units]
        return F.linear(x.float(), self.rows(units), bias)

    @torch.no_grad()
    def _coded(self) -> Tensor:
        if not self._form.startswith("int4"):
            codes, scales = int8_codes(self.weight)
            return codes * scales[:, None]
        codes, scales, least = int4_codes(self.weight, self._group)
        return int4_values(codes, scales.float(), least.float()).T.contiguous()


def fake_quantize(model: HybridModel, forms: Forms) -> HybridModel:
    """The model itself, as `quantize` would make it, in float; the decoder's layers can learn.

    What the encoder hears and the output layer says is rounded, too, and frozen.

    Raises:
        ValueError: groups of 4 bits do not fit a layer.
    """
    model.requires_grad_(False)
    for block in model.decoder.blocks:
        block.requires_grad_(True)
    return quantize(model, forms, _fake_layer)


def fake_quantize_layers(part: nn.Module, form: Form, group: int, learns: bool) -> None:
    """The linear layers of any part of any model, rounded; whether all of the part can learn.

    Raises:
        ValueError: as above.
    """
    part.requires_grad_(learns)
    replace_layers(part, form, group, _fake_layer)


def _fake_layer(layer: nn.Linear, form: Form, group: int, keeps_rows: bool) -> FakeQuantized:
    return FakeQuantized(layer, form, group)  # which has rows in any case


class _StraightThrough(torch.autograd.Function):
    """The values of `rounded`, the gradients of `exact`."""

    @staticmethod
    def forward(ctx: Any, exact: Tensor, rounded: Tensor) -> Tensor:
        return rounded.view_as(rounded)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        return grad_outputs[0], None


def _straight_through(exact: Tensor, rounded: Tensor) -> Tensor:
    return cast("Tensor", _StraightThrough.apply(exact, rounded))


def _in_8_bits(x: Tensor) -> Tensor:
    """(..., D) with a scale a row, as activations are in use."""
    codes, scales = int8_codes(x.flatten(0, -2))
    return (codes * scales[:, None]).view(x.shape)
