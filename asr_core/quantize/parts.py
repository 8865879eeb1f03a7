"""Which part of a model is kept in which form, and how large that makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from torch import nn

from asr_core.model.decoder import AttentionDecoder
from asr_core.model.hybrid import HybridModel
from asr_core.model.linear import Linear
from asr_core.quantize.layers import (
    Int4Weights,
    Int8Dynamic,
    Int8Weights,
    QuantizedEmbedding,
    QuantizedLinear,
)

Form = Literal["float", "int8", "int8_weights", "int4"]
GROUP = 32  # inputs whose 4 bits share a scale


@dataclass(frozen=True, slots=True)
class Forms:
    """Of the linear layers of every part; norms, convolutions and the language head stay float.

    "int8" has activations in 8 bits, too; "int8_weights" and "int4" have weights only. A decoder's
    tied output is its embedding in the same codes.
    """

    encoder: Form = "float"
    ctc: Form = "float"
    decoder: Form = "float"
    group: int = GROUP  # of "int4"


def quantize(model: HybridModel, forms: Forms) -> HybridModel:
    """The model itself, in evaluation mode on the CPU, its linear layers in these forms.

    Raises:
        ValueError: groups of 4 bits do not fit a layer.
    """
    decoders = [part for part in (model.decoder, model.decoder_r2l) if part is not None]
    _replace(model.encoder, forms.encoder, forms.group)
    _replace(model.ctc, forms.ctc, forms.group, keeps_rows=True)
    for decoder in decoders:
        _replace(decoder, forms.decoder, forms.group)
        if decoder.out is None and forms.decoder != "float":
            _untie(decoder, forms)
    return model


def _replace(part: nn.Module, form: Form, group: int, keeps_rows: bool = False) -> None:
    if form == "float":
        return
    for parent, name, layer in [*_linear_layers(part)]:
        setattr(parent, name, _quantized(layer, form, group, keeps_rows))


def _linear_layers(part: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
    for parent in part.modules():
        for name, child in parent.named_children():
            if isinstance(child, Linear):
                yield parent, name, child


def _quantized(layer: nn.Linear, form: Form, group: int, keeps_rows: bool) -> QuantizedLinear:
    if form == "int4":
        return Int4Weights(layer.weight, layer.bias, group)
    if form == "int8_weights":
        return Int8Weights(layer.weight, layer.bias)
    return Int8Dynamic(layer.weight, layer.bias, keeps_rows)


def _untie(decoder: Any, forms: Forms) -> None:
    """An output layer of its own, whose codes the embedding shares."""
    output = nn.Linear(1, 1, bias=False)
    output.weight = decoder.embed.weight
    decoder.out = _quantized(output, forms.decoder, forms.group, keeps_rows=True)
    decoder.embed = QuantizedEmbedding(decoder.out)


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of a model's weights.

    Attributes:
        stored: what a file of them would take.
        in_memory: with the copies that are laid out for oneDNN.
    """

    stored: int
    in_memory: int


def size_of(model: nn.Module) -> Size:
    """How large a model is as it stands, each shared tensor counted once."""
    tensors = {id(t): t for t in (*model.parameters(), *model.buffers())}
    stored = sum(t.numel() * t.element_size() for t in tensors.values())
    copies = 0
    for module in model.modules():
        if isinstance(module, Int8Dynamic) and module.packed is not None:
            n_bytes = module.in_features * module.out_features
            if module.codes is None:
                stored += n_bytes
            else:
                copies += n_bytes
        elif isinstance(module, (Linear, AttentionDecoder)) and module.packed is not None:
            copies += module.packed.numel() * module.packed.element_size()
    return Size(stored, stored + copies)
