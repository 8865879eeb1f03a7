"""Linear layers, in float32 by the faster of the two libraries that are in torch for x86.

`torch.nn.functional.linear` asks MKL, which on AMD processors is two to three times slower than
oneDNN in the same wheel.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache, partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Linear(nn.Linear):
    """`torch.nn.Linear`.

    Attributes:
        onednn: compute by oneDNN, which knows no gradients; for float32 on a CPU.
    """

    onednn = False

    def forward(self, input: Tensor) -> Tensor:
        return linear(input, self.weight, self.bias, self.onednn)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None, onednn: bool = False) -> Tensor:
    """x W^T + b: (..., D), (E, D), (E,) -> (..., E)."""
    return _onednn(x, weight, bias) if onednn else F.linear(x, weight, bias)


@lru_cache(maxsize=1)
def onednn_is_faster() -> bool:
    """Whether this torch has oneDNN and it multiplies float32 faster here, measured once."""
    if not torch.backends.mkldnn.is_available():
        return False
    x, weight, bias = torch.randn(256, 512), torch.randn(1024, 512), torch.randn(1024)
    with torch.inference_mode():
        try:
            found = fastest(partial(_onednn, x, weight, bias))
        except (AttributeError, RuntimeError):  # this wheel has no such operator
            return False
        return found < fastest(partial(F.linear, x, weight, bias))


def fastest(work: Callable[[], object], n: int = 5) -> float:
    """Seconds of the quickest of n runs."""
    times = []
    for _ in range(n):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def _onednn(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
