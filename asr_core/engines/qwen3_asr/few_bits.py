"""A Qwen3-ASR model in 8 or 4 bits: made so when it is loaded, or stored so in its folder.

The linear layers of the encoder and of the language model; embedding, output and projector stay
float, since 8 bits there turn near ties.

A stored folder is one of the two published forms with `STORED` in its config.json. A layer in 8
bits has int8 codes as `weight`, float32 `weight_scale` (E,), and, if its input is to be multiplied
before, `input_scale` (D,).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn

from asr_core.engines.folders import description
from asr_core.quantize.fp8 import use_fp8
from asr_core.quantize.layers import Int4Steps, Int4Weights, Int8Dynamic, Int8Weights
from asr_core.quantize.parts import GROUP
from asr_core.settings import Precision

STORED = "sottovoce_int8"  # a key of config.json; its value is the version
WEIGHT, WEIGHT_SCALE, INPUT_SCALE = ".weight", ".weight_scale", ".input_scale"


@dataclass(frozen=True, slots=True)
class Scales:
    """Of a layer whose weight is codes: weight = codes * outputs * inputs."""

    outputs: Tensor  # (E,) float32
    inputs: Tensor | None  # (D,) float32


class _Scaled(nn.Module):
    """Multiplies what it is given by `scale` (D,)."""

    scale: Tensor

    def __init__(self, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale)

    def forward(self, input: Tensor) -> Tensor:
        return input * self.scale


def quantize(model: Any, precision: Precision) -> None:
    """Put the float layers of a model, all of it on one device, into "int8", "int4" or "fp8".

    Raises:
        ValueError: groups of 4 bits do not fit a layer.
    """
    language_model = model.model.language_model
    for part in (model.model.audio_tower, language_model):
        if precision == "fp8":
            use_fp8(part)
            continue
        for parent in [*part.modules()]:
            for name, layer in [*parent.named_children()]:
                if isinstance(layer, nn.Linear):
                    setattr(parent, name, _quantized(layer, precision, part is language_model))


def _quantized(layer: nn.Linear, precision: Precision, sees_few_rows: bool) -> nn.Module:
    is_on_cpu = layer.weight.device.type == "cpu"
    if precision == "int4":
        form = Int4Steps if is_on_cpu and sees_few_rows else Int4Weights
        return form(layer.weight, layer.bias, GROUP)
    if not is_on_cpu:
        return Int8Weights(layer.weight, layer.bias)
    return Int8Dynamic(layer.weight, layer.bias, keeps_rows=False)


def stored_scales(folder: Path, renamed: Callable[[str], str]) -> dict[str, Scales]:
    """By their names in the model, the layers that a folder has in 8 bits.

    Args:
        renamed: what the model calls a key of the folder.
    """
    if STORED not in description(folder):
        return {}
    found: dict[str, Tensor] = {}
    with ExitStack() as files:
        for path in sorted(folder.glob("*.safetensors")):
            file = files.enter_context(safe_open(path, "pt"))
            for key in file.keys():  # noqa: SIM118, it is no dict
                if key.endswith((WEIGHT_SCALE, INPUT_SCALE)):
                    found[renamed(key)] = file.get_tensor(key)
    names = [key.removesuffix(WEIGHT_SCALE) for key in found if key.endswith(WEIGHT_SCALE)]
    return {
        name: Scales(found[name + WEIGHT_SCALE], found.get(name + INPUT_SCALE)) for name in names
    }


@torch.no_grad()
def put_codes(model: Any, scales: Mapping[str, Scales]) -> None:
    """Make layers of the codes that a model on the CPU was loaded with."""
    for name, scale in scales.items():
        parent = model.get_submodule(name.rpartition(".")[0])
        layer = model.get_submodule(name)
        codes = layer.weight.to(torch.int8)
        made: nn.Module = Int8Dynamic(codes, layer.bias, keeps_rows=False, scales=scale.outputs)
        if scale.inputs is not None:
            made = nn.Sequential(_Scaled(scale.inputs), made)
        setattr(parent, name.rpartition(".")[2], made)


@torch.no_grad()
def put_floats(model: Any, scales: Mapping[str, Scales]) -> None:
    """Make floats of the codes that a model was loaded with, wherever it is."""
    for name, scale in scales.items():
        weight = model.get_submodule(name).weight
        floats = weight.float() * scale.outputs.to(weight.device)[:, None]
        if scale.inputs is not None:
            floats *= scale.inputs.to(weight.device)
        weight.copy_(floats)
