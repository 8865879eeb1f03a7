"""Linear layers, on a CPU by the faster of the two libraries that are in torch for x86.

`torch.nn.functional.linear` asks MKL for float32, which on AMD processors is two to three times
slower than oneDNN in the same wheel, and lays 16-bit weights out anew for oneDNN in every call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Activation = Literal["relu", "gelu", "swish"]
ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "swish": F.silu}
_FORMULAS = {"relu": "", "gelu": "none", "swish": ""}  # which one oneDNN is to take; "none": erf

_RUNS = 50  # of less than a millisecond, so that what else runs on the computer misses some


class Linear(nn.Linear):
    """`torch.nn.Linear`.

    Attributes:
        packed: the weight as oneDNN wants it, which knows no gradients; None: torch computes.
    """

    packed: Tensor | None = None

    @property
    def device(self) -> torch.device:
        return self.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """What its input is best given as."""
        return self.weight.dtype

    def forward(self, input: Tensor) -> Tensor:
        return linear(input, self.weight, self.bias, self.packed)

    def activated(self, x: Tensor, activation: Activation) -> Tensor:
        """Its output and an activation, in one pass where oneDNN computes."""
        if self.packed is None:
            return ACTIVATIONS[activation](self(x))
        return linear(x, self.weight, self.bias, self.packed, activation)

    def weights(self) -> Iterable[Tensor]:
        """All that its output is made of but the input."""
        return self.parameters()

    def time_last(self, x: Tensor) -> Tensor:
        """(B, T', D) -> (B, E, T')."""
        y = torch.bmm(self.weight.expand(len(x), -1, -1), x.mT.to(self.weight.dtype))
        return y if self.bias is None else y.add_(self.bias[:, None])

    def of_units(self, x: Tensor, units: Tensor) -> Tensor:
        """(..., D), (n,) -> (..., n): only these outputs."""
        weight = self.weight[units]
        bias = None if self.bias is None else self.bias[units]
        return linear(x, weight, bias, None if self.packed is None else weight)


def linear(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    packed: Tensor | None = None,
    activation: Activation | None = None,
) -> Tensor:
    """x W^T + b: (..., D), (E, D), (E,) -> (..., E).

    Args:
        packed: the weight for oneDNN, as it is or packed; None: torch computes.
        activation: of the output.
    """
    if packed is None or x.numel() == 0:
        y = F.linear(x, weight, bias)
        return y if activation is None else ACTIVATIONS[activation](y)
    then, formula = ("none", "") if activation is None else (activation, _FORMULAS[activation])
    return torch.ops.mkldnn._linear_pointwise(x.to(weight.dtype), packed, bias, then, [], formula)


def packed(weight: Tensor) -> Tensor:
    """A weight (E, D), float32 or bfloat16, laid out once as oneDNN reads it fastest."""
    return torch.ops.mkldnn._reorder_linear_weight(weight.detach(), None)


@lru_cache(maxsize=2)
def onednn_is_faster(dtype: torch.dtype) -> bool:
    """Whether this torch has oneDNN and it multiplies faster here, measured once."""
    if not torch.backends.mkldnn.is_available():
        return False
    shapes = ((32, 512), (2048, 512), 2048)  # a step of a search
    x, weight, bias = (torch.randn(shape, dtype=dtype) for shape in shapes)
    with torch.inference_mode():
        try:
            found = fastest(partial(linear, x, weight, bias, packed(weight)), _RUNS)
        except (AttributeError, RuntimeError):  # this wheel has no such operator
            return False
        return found < fastest(partial(linear, x, weight, bias), _RUNS)


def fastest(work: Callable[[], object], n: int = 5) -> float:
    """Seconds of the quickest of n runs."""
    times = []
    for _ in range(n):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
