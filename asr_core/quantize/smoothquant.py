"""Outliers moved from activations, which 8 bits hold badly, into weights, which they hold well.

A few inputs of a linear layer are many times larger than the others and take the steps of 8 bits
for themselves. Divided by s_j, and the weight's column j multiplied by s_j, the product is the
same. The division costs nothing where a layer norm stands before: its own weights take it.

Source: Xiao et al. 2023, SmoothQuant, equations 3 and 4; alpha searched for every norm as in Lin et
al. 2024, AWQ, section 3.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from asr_core.model.attention import LayerNorm, SelfAttention
from asr_core.model.conformer import Block, Convolution, FeedForward
from asr_core.model.decoder import AttentionDecoder, DecoderBlock
from asr_core.model.hybrid import HybridModel
from asr_core.quantize.codes import int8_codes

ALPHAS = tuple(step / 10 for step in range(1, 10))
_MOST_ROWS = 512  # of its activations a norm is judged by
_LEAST = 1e-5  # a factor is no less, nor the largest of a column


@dataclass(slots=True)
class Observed:
    """What a norm gave while it was listened to.

    Attributes:
        largest: (D,) largest absolute value of every channel.
        rows: samples (n, D) from all of it.
    """

    largest: Tensor
    rows: list[Tensor] = field(default_factory=list)


def smoothed_layers(model: HybridModel) -> dict[str, tuple[LayerNorm, Sequence[nn.Linear]]]:
    """The layer norms that nothing but linear layers follow, by name, each with these layers."""
    found: dict[str, tuple[LayerNorm, Sequence[nn.Linear]]] = {}
    for name, module in model.named_modules():
        for norm, layers in _behind_norms(module):
            found[f"{name}.{norm}"] = (getattr(module, norm), layers)
    return found


def _behind_norms(module: nn.Module) -> Iterator[tuple[str, Sequence[nn.Linear]]]:
    if isinstance(module, (FeedForward, Convolution)):
        yield "norm", [module.expand]
    elif isinstance(module, Block) and not module.attn.separate_norms:
        yield "norm_attn", [module.attn.q, module.attn.k, module.attn.v]
    elif isinstance(module, SelfAttention) and module.separate_norms:
        yield from (("norm_q", [module.q]), ("norm_k", [module.k]), ("norm_v", [module.v]))
    elif isinstance(module, DecoderBlock):
        attn = module.self_attn
        yield "norm_self", [attn.q, attn.k, attn.v]
        yield "norm_cross", [module.cross_attn.q]
        yield "norm_ff", [module.expand]
    elif isinstance(module, AttentionDecoder) and module.out is not None:
        yield "norm", [module.out]  # a tied output is the embedding, too, and stays as it is


@contextmanager
def observing(model: HybridModel) -> Iterator[dict[str, Observed]]:
    """Inside, whatever a float model hears and reads is noted, by name of the norm.

    Give it recordings like those it is to recognize, and never those it is measured with.
    """
    found: dict[str, Observed] = {}
    random = torch.Generator().manual_seed(0)

    def note(name: str, _: nn.Module, __: Any, output: Tensor) -> None:
        rows = output.detach().float().flatten(0, -2)  # (n, D)
        if len(rows) == 0:
            return
        largest = rows.abs().amax(dim=0)
        seen = found.setdefault(name, Observed(largest))
        seen.largest = torch.maximum(seen.largest, largest)
        n_kept = min(len(rows), _MOST_ROWS // 8)
        seen.rows.append(rows[torch.randperm(len(rows), generator=random)[:n_kept]])
        if len(seen.rows) > 64:  # thinned, so that what is kept does not grow
            every = torch.cat(seen.rows)
            seen.rows = [every[torch.randperm(len(every), generator=random)[:_MOST_ROWS]]]

    hooks = [
        norm.register_forward_hook(partial(note, name))
        for name, (norm, _) in smoothed_layers(model).items()
    ]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def chosen_factors(
    model: HybridModel, observed: Mapping[str, Observed]
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """For every norm the factors (D,) with which 8 bits lose least of what was observed.

    Returns:
        The factors and their alphas by name; norms without are best left alone, or were not heard.
    """
    factors, alphas = {}, {}
    for name, (_, layers) in smoothed_layers(model).items():
        if name not in observed:
            continue
        seen = observed[name]
        rows = torch.cat(seen.rows)[:_MOST_ROWS]
        weight = torch.cat([layer.weight.float() for layer in layers])  # (E, D)
        least = _loss(rows, weight, torch.ones_like(seen.largest))
        for alpha in ALPHAS:
            candidate = migration(seen.largest, weight, alpha)
            loss = _loss(rows, weight, candidate)
            if loss < least:
                least, factors[name], alphas[name] = loss, candidate, alpha
    return factors, alphas


def migration(largest: Tensor, weight: Tensor, alpha: float) -> Tensor:
    """(D,) s_j = max|X_j|^alpha / max|W_j|^(1 - alpha), of a weight (E, D)."""
    columns = weight.abs().amax(dim=0).clamp_min(_LEAST)
    return (largest.clamp_min(_LEAST) ** alpha / columns ** (1 - alpha)).clamp_min(_LEAST)


def _loss(rows: Tensor, weight: Tensor, factors: Tensor) -> float:
    """Squared error of a product whose weight and rows are in 8 bits."""
    exact = rows @ weight.T
    found = _in_8_bits(rows / factors) @ _in_8_bits(weight * factors).T
    return float((found - exact).square().sum())


def _in_8_bits(matrix: Tensor) -> Tensor:
    codes, scales = int8_codes(matrix)
    return codes * scales[:, None]


@torch.no_grad()
def smooth(model: HybridModel, factors: Mapping[str, Tensor]) -> HybridModel:
    """The float model itself, computing the same, its outliers moved into the weights.

    Raises:
        KeyError: a name that is no norm of this model.
    """
    layers_of = smoothed_layers(model)
    for name, factor in factors.items():
        norm, layers = layers_of[name]
        norm.weight.div_(factor)
        if norm.bias is not None:
            norm.bias.div_(factor)
        for layer in layers:
            layer.weight.mul_(factor)
    return model
