"""What ModelOpt's int8 SmoothQuant leaves of a Qwen3-ASR, written down without the package.

Its weights are made up: they prove what is read and computed, never recognition.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch import Tensor

STATE = "modelopt_state.pth"
TRAP = b"cos\nsystem\n(S'touch %s'\ntR."  # a pickle that runs a program
_OFF = {"_num_bits": 8, "_axis": None, "_unsigned": False, "_fake_quant": True, "_disabled": True}


def trap(path: Path) -> bytes:
    """A pickle that makes the file `path` when it is opened."""
    return TRAP % str(path).encode()


def is_quantized(name: str) -> bool:
    """Whether a layer is one of the language model's."""
    return name.endswith("_proj") and ("language_model" in name or "thinker.model" in name)


def quantized(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights, and the numbers of the quantizers beside them.

    The arithmetic: x * s, W / s; codes of 127 steps to the largest of a row.
    """
    random = torch.Generator().manual_seed(3)
    found = dict(weights)
    for key, weight in weights.items():
        name = key.removesuffix(".weight")
        if not is_quantized(name):
            continue
        smoothing = torch.rand(weight.shape[1], generator=random) + 0.5  # (D,)
        smoothed = weight / smoothing
        found[key] = smoothed
        found[f"{name}.input_quantizer._pre_quant_scale"] = smoothing
        found[f"{name}.input_quantizer._amax"] = torch.tensor(4.0)
        # Training went on behind the calibration: some weights are larger now than they were.
        found[f"{name}.weight_quantizer._amax"] = 0.9 * smoothed.abs().amax(dim=1, keepdim=True)
    return found


def state(weights: Mapping[str, Tensor]) -> dict:
    """What the pickle beside `quantized` weights says."""
    settings = {}
    for key in weights:
        name, _, kind = key.rpartition(".")
        if kind != "weight" or weights[key].dim() != 2 or "embed" in name:
            continue
        for quantizer in ("input_quantizer", "weight_quantizer", "output_quantizer"):
            shapes = {
                number.rpartition(".")[2]: {"shape": value.shape, "dtype": value.dtype}
                for number, value in weights.items()
                if number.startswith(f"{name}.{quantizer}.")
            }
            settings[f"{name}.{quantizer}"] = _OFF | {
                "_disabled": not shapes,
                "_axis": 0 if quantizer == "weight_quantizer" else None,
                "_pytorch_state_metadata": {"params": {}, "buffers": shapes},
            }
    done = {"config": {}, "metadata": {"quantizer_state": settings}}
    return {
        "modelopt_state_dict": [("quantize", done), ("smoothquant_calibrate", done)],
        "modelopt_version": "0.47.0",
    }


def pretend_installed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let Python find a package `modelopt`, in which there is nothing."""
    (folder / "modelopt").mkdir(parents=True)
    (folder / "modelopt" / "__init__.py").write_text("")
    for name in [name for name in sys.modules if name.partition(".")[0] == "modelopt"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(folder))
    empty = import_module("modelopt")
    del sys.modules["modelopt"]
    monkeypatch.setitem(sys.modules, "modelopt", empty)  # which takes it away again
