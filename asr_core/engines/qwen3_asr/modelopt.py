"""What NVIDIA's ModelOpt quantized -> our 8 bits, without opening its pickle.

ModelOpt simulates: float weights, and beside them in the same safetensors files what it rounds them
with. A linear layer has

    weight                           (E, D), smoothed already
    weight_quantizer._amax           (E, 1): the largest weight of each output, 127 steps
    input_quantizer._amax            one number: the same of its input
    input_quantizer._pre_quant_scale (D,), of SmoothQuant: the input is multiplied by it

Codes are what its own rounding gives. The input's scale is not taken over: ours is found in use, a
row at a time. How many bits a quantizer has stands in the pickle alone; but of the presets only
int8 has a scale an output and a fixed one for the input.

Source: ModelOpt 0.47, torch/quantization: tensor_quant.py, nn/modules/tensor_quantizer.py,
model_calib.py.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from asr_core.engines.folders import description
from asr_core.engines.qwen3_asr.few_bits import INPUT_SCALE, STORED, WEIGHT, WEIGHT_SCALE
from asr_core.engines.qwen3_asr.forms import is_recognizer
from asr_core.errors import ModelError
from asr_core.store.pickled import MODELOPT_STATE

_AMAX = ".weight_quantizer._amax"
_INPUT_AMAX = ".input_quantizer._amax"
_SMOOTHING = ".input_quantizer._pre_quant_scale"
QUANTIZER = "_quantizer."  # in the names of all that ModelOpt added
_STEPS = 127
_BESIDE = (".json", ".txt", ".jinja")  # what goes along, with neither code nor weights
_WEIGHTS = ("config.json", "model.safetensors.index.json")  # but these, which change
_LEAST = 1e-12  # the largest weight is no less: a row of zeros stays one


@dataclass(frozen=True, slots=True)
class Converted:
    """What came of a folder."""

    n_layers: int  # in 8 bits
    n_bytes: int  # of the weights


def convert(folder: Path, output: Path) -> Converted:
    """Write the Qwen3-ASR that ModelOpt quantized into a new folder, in our 8 bits.

    Raises:
        ModelError: it is no such folder, is damaged, or its layers are not in int8; or there is
            something in the new one already.
    """
    if not (folder / MODELOPT_STATE).is_file() or not is_recognizer(folder):
        raise ModelError(
            f"{folder.name!r} is no Qwen3-ASR that ModelOpt quantized: config.json and "
            f"{MODELOPT_STATE} are needed. Other models take 8 bits by --precision int8."
        )
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ModelError(f"{output.name!r} is there already. Name a new folder.")
    try:
        with _tensors(folder) as (keys, tensor):
            weights, n_layers = _converted(keys, tensor)
    except (SafetensorError, OSError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"The weights in {folder.name!r} cannot be read ({type(error).__name__}). Get the "
            "folder again."
        ) from error
    try:
        output.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.iterdir()):
            if path.suffix in _BESIDE and path.name not in _WEIGHTS:
                shutil.copyfile(path, output / path.name)
        save_file(weights, output / "model.safetensors", {"format": "pt"})
        said = description(folder) | {STORED: 1}  # last: without it the folder is no model
        (output / "config.json").write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    except (SafetensorError, OSError) as error:
        raise ModelError(f"Cannot write into {output.name!r}: {error}.") from error
    n_bytes = sum(weight.numel() * weight.element_size() for weight in weights.values())
    return Converted(n_layers, n_bytes)


@contextmanager
def _tensors(folder: Path) -> Iterator[tuple[list[str], Callable[[str], Tensor]]]:
    """The keys in all safetensors files of a folder, and what reads one."""
    with ExitStack() as files:
        opened = [
            files.enter_context(safe_open(path, "pt"))
            for path in sorted(folder.glob("*.safetensors"))
        ]
        homes = {key: file for file in opened for key in file.keys()}  # noqa: SIM118, no dict
        yield list(homes), lambda key: homes[key].get_tensor(key)


def _converted(keys: list[str], tensor: Callable[[str], Tensor]) -> tuple[dict[str, Tensor], int]:
    """All that a folder of ours holds, and how many layers of it are in 8 bits."""
    names = [key.removesuffix(_AMAX) for key in keys if key.endswith(_AMAX)]
    if not names:
        raise ModelError(
            "No layer has the scales of int8 beside its weight, as ModelOpt's own checkpoints do. "
            "Get a folder that was saved with them."
        )
    found = {key: tensor(key) for key in keys if QUANTIZER not in key}
    for name in names:
        weight, amax = found[name + WEIGHT].float(), tensor(name + _AMAX).float()
        is_fixed = name + _INPUT_AMAX in keys and tensor(name + _INPUT_AMAX).numel() == 1
        if weight.dim() != 2 or amax.numel() != len(weight) or not is_fixed:
            raise ModelError(
                f"The layer {name} is not in int8 with a scale an output; FP8, NVFP4 and the like "
                "cannot be converted. Get the plain model and choose int8 as precision."
            )
        largest = amax.reshape(-1).clamp_min(_LEAST)  # (E,)
        codes = (weight * (_STEPS / largest)[:, None]).round().clamp(-_STEPS - 1, _STEPS)
        found[name + WEIGHT] = codes.to(torch.int8)
        found[name + WEIGHT_SCALE] = largest / _STEPS
        if name + _SMOOTHING in keys:
            found[name + INPUT_SCALE] = tensor(name + _SMOOTHING).float().reshape(-1)
    return found, len(names)
