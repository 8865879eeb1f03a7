"""What NVIDIA's ModelOpt quantized, as it is: its own quantizers around a model's layers.

Weights stay float; a quantizer rounds them, and what comes into the layer, to the few values that
so many bits can tell apart. The state beside the weights is a list of what was done to the model,
one after the other; each entry has the settings of every quantizer by its name in the model:

    {"modelopt_version": "0.47.0", "modelopt_state_dict": [(MODE, {"config": ..., "metadata":
        {"quantizer_state": {"....q_proj.weight_quantizer": {"_num_bits": 8, ...}, ...}}}), ...]}

Their numbers are in the safetensors files (see `modelopt`). ModelOpt's own way to load patches
transformers, so that the state of any folder is opened, and wants the classes it was written with;
here quantizers are put in by their names, and only those that do something.

Source: ModelOpt 0.47, torch/opt/conversion.py, torch/quantization/nn/modules/tensor_quantizer.py.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from asr_core.engines.qwen3_asr.modelopt import QUANTIZER
from asr_core.errors import AsrError, ModelError
from asr_core.model.torch_files import load_torch
from asr_core.store.pickled import MODELOPT_STATE

_KINDS = ("input_quantizer", "weight_quantizer", "output_quantizer")  # of a layer
_MODES = ("quantize", "auto_quantize", "kd_loss", "export_student")  # and every calibration
_NUMBERS = ("_amax", "_pre_quant_scale")
# Blocks, packed weights, rotations, shifts and kernels of others were never tried here.
_UNTRIED = ("_block_sizes", "_dequantize", "_rotate", "_bias", "backend")

Attributes = Mapping[str, Any]  # of a quantizer, by the names of its attributes


@torch.no_grad()
def simulate(model: Any, folder: Path, renamed: Callable[[str], str]) -> None:
    """Put the quantizers that a folder's state names into the float model that was loaded from it.

    Args:
        model: all of it on one device.
        renamed: what the model calls a name of the folder's.

    Raises:
        ModelError: the state is damaged, or names what the model or the weights have not; or its
            quantizers do not round to whole steps.
        AsrError: ModelOpt does not start on this computer.
    """
    layers = _quantized_layers(folder, renamed)
    numbers = _numbers(folder, renamed)
    table = _table()
    embedding = model.get_input_embeddings().weight
    for name, quantizers in layers.items():
        layer = _layer(model, name)
        if type(layer) not in table:
            raise _untried(folder, name)
        is_tied = layer.weight is embedding
        table.convert(layer)  # in place: its class is now one that asks the quantizers
        for kind in _KINDS:
            quantizer = getattr(layer, kind)
            quantizer.set_from_modelopt_state(quantizers[kind])
            quantizer.to(layer.weight.device)
            for buffer_name, buffer in quantizer.named_buffers():
                number = numbers.pop(f"{name}.{kind}.{buffer_name}", None)
                if number is None or number.shape != buffer.shape:
                    raise _unlike_weights(folder, f"{name}.{kind}")
                buffer.copy_(number)
        if not is_tied:  # the embedding stays exact
            layer.fold_weight()  # rounded once, instead of in every call
    if numbers:
        raise _unlike_weights(folder, min(numbers).rpartition(".")[0])


def _quantized_layers(
    folder: Path, renamed: Callable[[str], str]
) -> dict[str, dict[str, Attributes]]:
    """The layers that are more than floats, and the settings of their quantizers, by kind."""
    layers: dict[str, dict[str, Attributes]] = defaultdict(dict)
    used: dict[str, None] = {}
    for name, settings in _state(folder).items():
        layer, _, kind = renamed(name).rpartition(".")
        layers[layer][kind] = settings
        if _does_something(settings):
            if kind not in _KINDS or not _rounds_to_steps(settings):
                raise _untried(folder, name)
            used[layer] = None
    for layer in used:
        if not set(_KINDS) <= layers[layer].keys():
            raise _untried(folder, layer)
    return {layer: layers[layer] for layer in used}


def _state(folder: Path) -> Mapping[str, Attributes]:
    """The settings of all quantizers after the last thing that was done to the model."""
    try:
        done = load_torch(folder / MODELOPT_STATE)["modelopt_state_dict"]
        for mode, _ in done:
            if mode not in _MODES and not mode.endswith("_calibrate"):
                raise _untried(folder, mode)
        found = [each["metadata"] for _, each in done if "quantizer_state" in each["metadata"]]
        return found[-1]["quantizer_state"]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f"The modelopt_state.pth in {folder.name!r} is not one that ModelOpt wrote "
            f"({type(error).__name__}). Get the folder again."
        ) from error


def _does_something(settings: Attributes) -> bool:
    """Whether a quantizer changes what goes through it; one that is off may scale it still."""
    return (
        not settings.get("_disabled", True)
        or bool(settings.get("_rotate"))
        or bool(_shapes(settings))
    )


def _rounds_to_steps(settings: Attributes) -> bool:
    """Whether it is of those that were tried here: whole steps, a scale a row or a tensor."""
    return (
        type(settings.get("_num_bits")) is int
        and settings.get("_fake_quant") is True
        and not any(settings.get(name) for name in _UNTRIED)
        and set(_shapes(settings)) <= set(_NUMBERS)
    )


def _shapes(settings: Attributes) -> Mapping[str, Any]:
    """What numbers a quantizer has."""
    return settings.get("_pytorch_state_metadata", {}).get("buffers", {})


def _numbers(folder: Path, renamed: Callable[[str], str]) -> dict[str, Tensor]:
    """The tensors of all quantizers, by what the model calls them."""
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            for key in file.keys():  # noqa: SIM118, it is no dict
                if QUANTIZER in key:
                    found[renamed(key)] = file.get_tensor(key)
    return found


def _layer(model: Any, name: str) -> Any:
    try:
        return model.get_submodule(name)
    except AttributeError:
        return None


def _table() -> Any:
    """ModelOpt's table from kinds of layers to those with quantizers."""
    try:
        # In a thread of its own: what it keeps of failed imports holds the frames that it was
        # imported from, and with them the recording that the worker is about to read.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(_imported).result().QuantModuleRegistry
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise AsrError(
            f"nvidia-modelopt does not start on this computer ({type(error).__name__}). Install "
            "it anew: pip install --force-reinstall -e .[modelopt]"
        ) from error


def _imported() -> Any:
    known = tempfile.tempdir
    # Torch's compiler, which comes along, asks for the temporary folder at once and puts nothing
    # there; where no file may be written, Python finds none.
    tempfile.tempdir = known or os.sep
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it can do without
            return import_module("modelopt.torch.quantization.nn")
    finally:
        tempfile.tempdir = known


def _untried(folder: Path, name: str) -> ModelError:
    return ModelError(
        f"The model {folder.name!r} quantizes in a way that is not simulated here ({name}): FP8, "
        "NVFP4 and blocks are not. Get the plain model and choose int8 as precision."
    )


def _unlike_weights(folder: Path, name: str) -> ModelError:
    return ModelError(
        f"The numbers of {name} in {folder.name!r} are not those that modelopt_state.pth names. "
        "Get the folder again."
    )
