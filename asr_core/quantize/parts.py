"""Which part of a model is kept in which form, and how large that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from torch import nn

from asr_core.model.decoder import AttentionDecoder
from asr_core.model.hybrid import HybridModel
from asr_core.model.linear import Linear
from asr_core.quantize.layers import (
    Int4Steps,
    Int4Weights,
    Int8Dynamic,
    Int8Weights,
    QuantizedEmbedding,
    QuantizedLinear,
)

Form = Literal["float", "int8", "int8_weights", "int4", "int4_weights"]
GROUP = 32  # inputs whose 4 bits share a scale


@dataclass(frozen=True, slots=True)
class Forms:
    """Of the linear layers of every part; norms, convolutions and the language head stay float.

    "int8" has activations in 8 bits, too; the others have weights only. "int4" is for what sees
    few rows at a time. A decoder's tied output is its embedding in the same codes.
    """

    encoder: Form = "float"
    ctc: Form = "float"
    decoder: Form = "float"
    group: int = GROUP  # of 4 bits


# A layer, its form, inputs of a group, whether single rows will be asked for -> what replaces it.
Make = Callable[[nn.Linear, Form, int, bool], Any]


def quantized_layer(layer: nn.Linear, form: Form, group: int, keeps_rows: bool) -> QuantizedLinear:
    """A layer of codes in place of a float one.

    Raises:
        ValueError: groups of 4 bits do not fit it.
    """
    if form == "int4":
        return Int4Steps(layer.weight, layer.bias, group)
    if form == "int4_weights":
        return Int4Weights(layer.weight, layer.bias, group)
    if form == "int8_weights":
        return Int8Weights(layer.weight, layer.bias)
    return Int8Dynamic(layer.weight, layer.bias, keeps_rows)


def quantize(model: HybridModel, forms: Forms, make: Make = quantized_layer) -> HybridModel:
    """The model itself, in evaluation mode on the CPU, its linear layers in these forms.

    Args:
        make: what takes the place of a layer whose form is not "float".

    Raises:
        ValueError: groups of 4 bits do not fit a layer.
    """
    decoders = [part for part in (model.decoder, model.decoder_r2l) if part is not None]
    replace_layers(model.encoder, forms.encoder, forms.group, make)
    if model.config.n_units:
        replace_layers(model.ctc, forms.ctc, forms.group, make, keeps_rows=True)
    for decoder in decoders:
        replace_layers(decoder, forms.decoder, forms.group, make)
        if decoder.out is None and forms.decoder != "float":
            _untie(decoder, forms, make)
    return model


def replace_layers(
    part: nn.Module, form: Form, group: int, make: Make = quantized_layer, keeps_rows: bool = False
) -> None:
    """Put all linear layers of a part of any model into a form.

    Raises:
        ValueError: groups of 4 bits do not fit a layer.
    """
    if form == "float":
        return
    for parent in [*part.modules()]:
        for name, child in [*parent.named_children()]:
            if isinstance(child, nn.Linear):
                setattr(parent, name, make(child, form, group, keeps_rows))


def _untie(decoder: Any, forms: Forms, make: Make) -> None:
    """An output layer of its own, whose codes the embedding shares."""
    output = nn.Linear(1, 1, bias=False)
    output.weight = decoder.embed.weight
    decoder.out = make(output, forms.decoder, forms.group, True)
    decoder.embed = QuantizedEmbedding(decoder.out)


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of a model's weights.

    Attributes:
        stored: what a file of them would take.
        in_memory: with the copies that are laid out for their products.
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
        elif isinstance(module, Int4Steps) and module.packed is not None:
            copies += sum(part.numel() * part.element_size() for part in module.packed)
        elif isinstance(module, (Linear, AttentionDecoder)) and module.packed is not None:
            copies += module.packed.numel() * module.packed.element_size()
    return Size(stored, stored + copies)
