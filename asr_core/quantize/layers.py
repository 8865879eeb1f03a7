"""Linear layers and embeddings whose weights are codes; each takes the place of a float one.

They compute outside of training only; `Int8Dynamic` on the CPU alone. What they give is in the
precision of the autocast around them, like any product of the model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from asr_core.model.linear import ACTIVATIONS, Activation, fastest
from asr_core.quantize.codes import int4_codes, int4_values, int8_codes, unpacked_pairs

_ZERO = 128  # of activations in 8 bits: oneDNN wants them without sign
_FEW = 128  # rows up to which torch's product in 4 bits is the faster way
_GROUPS = (32, 64, 128, 256)  # inputs that may share a scale in it
_BLOCK = 64  # outputs that it takes together
_SLICE = 2**19  # weights that are unpacked at once, so that they stay in the cache


class QuantizedLinear(nn.Module, ABC):
    """What `asr_core.model.linear.Linear` is to the model, from codes.

    Args:
        bias: (E,) or None.
    """

    bias: Tensor | None

    def __init__(self, shape: torch.Size, bias: Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = shape
        self.register_buffer("bias", None if bias is None else bias.detach().float())

    @property
    def device(self) -> torch.device:
        return next(self.buffers()).device

    @property
    def dtype(self) -> torch.dtype:
        """What its input is best given as."""
        return torch.float32

    def weights(self) -> Iterable[Tensor]:
        """All that its output is made of but the input."""
        return self.buffers()

    @abstractmethod
    def rows(self, units: Tensor) -> Tensor:
        """(n,) -> (n, D) float32 rows of the weight."""

    @abstractmethod
    def product(self, x: Tensor) -> Tensor:
        """(n, D) -> (n, E) in `product_dtype`, without the bias."""

    def forward(self, input: Tensor) -> Tensor:
        shape = (*input.shape[:-1], self.out_features)
        if input.numel() == 0:
            return input.new_zeros(shape, dtype=product_dtype(input))
        found = self.product(input.reshape(-1, self.in_features))
        if self.bias is not None:
            found += self.bias.to(found.dtype)
        return found.view(shape)

    def activated(self, x: Tensor, activation: Activation) -> Tensor:
        """Its output and an activation."""
        return ACTIVATIONS[activation](self(x))

    def time_last(self, x: Tensor) -> Tensor:
        """(B, T', D) -> (B, E, T')."""
        return self(x).mT.contiguous()

    def of_units(self, x: Tensor, units: Tensor) -> Tensor:
        """(..., D), (n,) -> (..., n): only these outputs."""
        bias = None if self.bias is None else self.bias[units]
        return F.linear(x.float(), self.rows(units), bias)


class Int8Weights(QuantizedLinear):
    """Weights in 8 bits, a scale an output; products in the model's precision.

    It spares memory, not time: the codes become numbers again in every call.
    """

    codes: Tensor
    scales: Tensor

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__(weight.shape, bias)
        codes, scales = int8_codes(weight)
        self.register_buffer("codes", codes)
        self.register_buffer("scales", scales)

    def rows(self, units: Tensor) -> Tensor:
        return self.codes[units].float() * self.scales[units, None]

    def product(self, x: Tensor) -> Tensor:
        x, step = x.to(product_dtype(x)), max(1, _SLICE // self.in_features)
        # Codes by a power of two, which changes none of them: sums of whole ones leave float16.
        parts = [x @ (codes.to(x.dtype) / _ZERO).T for codes in self.codes.split(step)]
        return torch.cat(parts, dim=1) * (self.scales * _ZERO).to(x.dtype)


class Int8Dynamic(QuantizedLinear):
    """Weights in 8 bits, a scale an output; activations in 8 bits, a scale a row, found in use.

    The product of the codes is oneDNN's, in torch for x86; where there is none, or one that
    saturates, it is computed from the same codes in float32, with the same result but slowly.

    Attributes:
        codes: (E, D) int8; None where oneDNN has its own and nobody asks for rows.

    Args:
        weight: (E, D); if there are scales, its codes, int8.
        keeps_rows: whether `rows` and `of_units` will be asked for.
        scales: (E,) float32 of codes that were made elsewhere.
    """

    codes: Tensor | None
    scales: Tensor
    zeros: Tensor

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        keeps_rows: bool = True,
        scales: Tensor | None = None,
    ) -> None:
        super().__init__(weight.shape, bias)
        codes, scales = int8_codes(weight) if scales is None else (weight, scales)
        self.packed = torch.ops.onednn.qlinear_prepack(codes, None) if has_int8_product() else None
        self.register_buffer("codes", codes if keeps_rows or self.packed is None else None)
        self.register_buffer("scales", scales)
        self.register_buffer("zeros", torch.zeros(len(codes), dtype=torch.int32))

    def rows(self, units: Tensor) -> Tensor:
        assert self.codes is not None
        return self.codes[units].float() * self.scales[units, None]

    def product(self, x: Tensor) -> Tensor:
        codes, steps = _row_codes(x)
        if self.packed is None:
            assert self.codes is not None
            found = (codes.float() - _ZERO) @ self.codes.float().T * self.scales
        else:
            wanted = product_dtype(x)
            found = _int8_product(codes, self.packed, self.scales, self.zeros, wanted)
        return found.mul_(steps).to(product_dtype(x))


class Int4Weights(QuantizedLinear):
    """Weights in 4 bits, two a byte, with a scale and a least value a group of inputs.

    It spares memory and costs time: the codes become numbers again in every call. That is little
    where there are many rows, as in an encoder.

    Args:
        group: inputs of a group, 32, 64 or 128; more: smaller and coarser.
    """

    codes: Tensor
    scales: Tensor
    least: Tensor

    def __init__(self, weight: Tensor, bias: Tensor | None, group: int) -> None:
        super().__init__(weight.shape, bias)
        codes, scales, least = int4_codes(weight, group)
        self.register_buffer("codes", codes)
        self.register_buffer("scales", scales)
        self.register_buffer("least", least)

    def rows(self, units: Tensor) -> Tensor:
        codes, scales, least = (part[:, units] for part in (self.codes, self.scales, self.least))
        return int4_values(codes, scales.float(), least.float()).T

    def product(self, x: Tensor) -> Tensor:
        x, step = x.to(product_dtype(x)), max(1, _SLICE // self.in_features)
        parts = (part.split(step, dim=1) for part in (self.codes, self.scales, self.least))
        found = [
            x @ int4_values(codes, scales.to(x.dtype), least.to(x.dtype))
            for codes, scales, least in zip(*parts, strict=True)
        ]
        return torch.cat(found, dim=1)


class Int4Steps(Int4Weights):
    """The same for layers that see few rows at a time, as those of a decoder, on the CPU.

    Their codes are also laid out for torch's own product in 4 bits, which is many times as fast
    there as numbers made of them. It takes bfloat16 and adds in float32.

    Attributes:
        packed: the codes, and (G, E, 2) bfloat16 scales and values of code 8, the outputs filled
            up to whole blocks; None where torch has no such product for them, or no fast one.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, group: int) -> None:
        super().__init__(weight, bias, group)
        self.packed: tuple[Tensor, Tensor] | None = None
        if group in _GROUPS and has_int4_product():
            filled = F.pad(weight.detach().float(), (0, 0, 0, -len(weight) % _BLOCK))
            self.packed = _laid_out(*int4_codes(filled, group))

    def product(self, x: Tensor) -> Tensor:
        if self.packed is None or len(x) > _FEW:
            return super().product(x)
        found = _int4_product(x, *self.packed)[:, : self.out_features]
        return found.to(product_dtype(x))


class QuantizedEmbedding(nn.Module):
    """Rows of a quantized output layer, which shares its codes with the embedding.

    Args:
        layer: has `rows`, as `QuantizedLinear` does.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, tokens: Tensor) -> Tensor:
        """(...) -> (..., D) float32."""
        return self.layer.rows(tokens.flatten()).view(*tokens.shape, -1)


@lru_cache(maxsize=1)
def has_int8_product() -> bool:
    """Whether this torch multiplies 8 bits here, and exactly.

    Processors without VNNI add pairs of products in 16 bits, which saturate.
    """
    largest = torch.full((16, 64), 255, dtype=torch.uint8)
    weight = torch.full((16, 64), 127, dtype=torch.int8)
    ones, zeros = torch.ones(16), torch.zeros(16, dtype=torch.int32)
    try:
        packed = torch.ops.onednn.qlinear_prepack(weight, None)
        found = _int8_product(largest, packed, ones, zeros, torch.float32)
    except (AttributeError, RuntimeError, NotImplementedError):  # not in this wheel
        return False
    return bool((found == 64 * 127 * (255 - _ZERO)).all())


@lru_cache(maxsize=1)
def has_int4_product() -> bool:
    """Whether this torch multiplies 4 bits here faster than numbers made of them, measured once."""
    weight, x = torch.randn(2048, 512), torch.randn(5, 512)  # a step of a search
    plain = Int4Weights(weight, None, 32)
    with torch.inference_mode():
        try:
            packed = _laid_out(plain.codes, plain.scales, plain.least)
            found = fastest(lambda: _int4_product(x, *packed))
        except (AttributeError, RuntimeError, NotImplementedError):  # not in this wheel
            return False
        return found < fastest(lambda: plain.product(x))


def _laid_out(codes: Tensor, scales: Tensor, least: Tensor) -> tuple[Tensor, Tensor]:
    """What `int4_codes` gave, as torch's product wants it."""
    whole = unpacked_pairs(codes).T.int().contiguous()  # (E, D)
    middle = least.float() + 8 * scales.float()
    pairs = torch.stack([scales, middle.bfloat16()], dim=-1).contiguous()
    return torch.ops.aten._convert_weight_to_int4pack_for_cpu(whole, 1), pairs


def _int4_product(x: Tensor, packed: Tensor, pairs: Tensor) -> Tensor:
    """(n, D) -> (n, E) bfloat16."""
    group = x.shape[1] // len(pairs)
    return torch.ops.aten._weight_int4pack_mm_for_cpu(x.bfloat16(), packed, group, pairs)


def _int8_product(
    codes: Tensor, packed: Tensor, scales: Tensor, zeros: Tensor, dtype: torch.dtype
) -> Tensor:
    """(codes - 128) W^T * scales of uint8 (n, D) and a weight that was packed: (n, E)."""
    return torch.ops.onednn.qlinear_pointwise(
        codes, 1.0, _ZERO, packed, scales, zeros, None, 1.0, 0, dtype, "none", [], ""
    )


def _row_codes(x: Tensor) -> tuple[Tensor, Tensor]:
    """(n, D) as uint8 codes around 128 and the step (n, 1) of every row."""
    x = x.float()
    steps = (x.abs().amax(dim=1, keepdim=True) / 127).clamp_min(1e-12)
    return (x / steps).round_().add_(_ZERO).to(torch.uint8), steps


def product_dtype(x: Tensor) -> torch.dtype:
    """The type of products with `x`: of the autocast around, else float32."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else torch.float32
