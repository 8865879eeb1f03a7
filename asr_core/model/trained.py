"""What training changed of the grown model, small enough to ship: the difference, in 8 bits a row.

A grown weight is stored as its difference to the original and a new one as it is. The differences
are small, so 8 bits a row lose next to nothing of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from asr_core.errors import ModelError
from asr_core.model.hybrid import HybridModel, ModelConfig
from asr_core.places import BUNDLED_MODELS

FOLDER = BUNDLED_MODELS / "sottovoce-base"
WEIGHTS = "weights.safetensors"
CONFIG = "config.json"
DIGEST = "SHA256"

_SCALE = ".scale"
_LEAST = 4096  # numbers; smaller weights stay float16
_STEPS = 127


def packed(
    weights: Mapping[str, Tensor], original: Mapping[str, Tensor], is_new: Callable[[str], bool]
) -> dict[str, Tensor]:
    """Trained weights as they are stored.

    Args:
        original: all weights before training.
        is_new: whether the weight of a name did not come from the original.
    """
    found: dict[str, Tensor] = {}
    for name, weight in weights.items():
        change = weight.detach().float().cpu()
        if not is_new(name):
            change = change - original[name].float().cpu()
        if change.dim() < 2 or change.numel() < _LEAST:
            found[name] = change.half()
            continue
        rows = change.flatten(1)
        scale = rows.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / _STEPS  # (rows, 1)
        found[name] = (rows / scale).round().to(torch.int8).view(change.shape)
        found[name + _SCALE] = scale[:, 0]
    return found


def changed_again(
    changes: Mapping[str, Tensor],
    weights: Mapping[str, Tensor],
    original: Mapping[str, Tensor],
    is_new: Callable[[str], bool],
    shares: Mapping[str, float],
) -> dict[str, Tensor]:
    """The changes with which `apply` gives these weights, the other changes as they were.

    Matrices are in 16 bits: what was trained to fit a grid of 4 or 8 bits is not rounded again.

    Args:
        weights: those that are to be others now.
        original: all weights before any training.
    """
    found = dict(changes)
    for name, weight in weights.items():
        value, share = weight.detach().float().cpu(), _share(name, shares)
        if not is_new(name):
            value = (value - original[name].float()) / share
        elif _speaks_softly(name):
            value = value / share
        found.pop(name + _SCALE, None)
        found[name] = (value.half() if value.dim() > 1 else value).contiguous()
    return found


def apply(
    changes: Mapping[str, Tensor],
    model: HybridModel,
    is_new: Callable[[str], bool],
    shares: Mapping[str, float] = MappingProxyType({}),
) -> None:
    """Give a model its trained weights.

    A short training on few voices learns them at the cost of others; a model between the original
    and the trained one is often better than both.

    Args:
        changes: as `packed` made them.
        is_new: whether the weight of a name is stored as it is, not as a difference.
        shares: of the changes, `ModelConfig.change_share`; new parts of the encoder speak as much
            more softly.

    Raises:
        ModelError: they are of another model.

    Source: Wortsman et al. 2022, Robust Fine-Tuning of Zero-Shot Models, section 3.
    """
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for name, change in changes.items():
            if name.endswith(_SCALE):
                continue
            weight = weights.get(name)
            if weight is None or weight.shape != change.shape:
                raise ModelError(
                    f"The trained weights in {FOLDER.name!r} do not fit this version: {name} has "
                    "no such place in the model. Get both from one version of Sottovoce."
                )
            value, share = change.float(), _share(name, shares)
            if change.dtype == torch.int8:
                value *= changes[name + _SCALE].view(-1, *[1] * (change.dim() - 1))
            if not is_new(name):
                value = weight + share * value
            elif _speaks_softly(name):
                value = share * value
            weight.copy_(value)
    model.eval()  # parts that were silent may now speak


def _share(name: str, shares: Mapping[str, float]) -> float:
    """How much is used of what training changed in a weight."""
    return shares.get(name.split(".")[0], 1.0)


def _speaks_softly(name: str) -> bool:
    """Whether it is the last layer of what is added to the original."""
    return ".conv.reduce." in name


def save(changes: dict[str, Tensor], config: ModelConfig, folder: Path) -> str:
    """Write the weights, the configuration and the weights' SHA-256, which is given back."""
    folder.mkdir(parents=True, exist_ok=True)
    save_config(config, folder)
    save_file(changes, folder / WEIGHTS)
    digest = sha256(folder)
    (folder / DIGEST).write_text(f"{digest}  {WEIGHTS}\n", encoding="utf-8")
    return digest


def save_config(config: ModelConfig, folder: Path) -> None:
    """Write the configuration."""
    (folder / CONFIG).write_text(config.to_json() + "\n", encoding="utf-8")


def load(folder: Path = FOLDER) -> dict[str, Tensor]:
    """The weights of a folder, as `save` wrote them.

    Raises:
        ModelError: they are missing or damaged.
    """
    _, found, is_whole = condition(folder)
    if not is_whole:
        raise _unusable(folder, f"its weights are damaged (SHA-256 {found[:12]}…)")
    try:
        return load_file(folder / WEIGHTS)
    except SafetensorError as error:  # whoever made the digest made it of no weights
        raise _unusable(folder, f"its weights are no weights ({error})") from error


def condition(folder: Path = FOLDER) -> tuple[int, str, bool]:
    """Bytes and SHA-256 of the weights, and whether they are those that were saved.

    Raises:
        ModelError: they are missing.
    """
    path = folder / WEIGHTS
    try:
        expected = (folder / DIGEST).read_text(encoding="utf-8").split()
        found = sha256(folder)
        return path.stat().st_size, found, found in expected
    except OSError as error:
        raise _unusable(folder, f"its weights cannot be read ({error.strerror})") from error


def load_config(folder: Path = FOLDER) -> ModelConfig:
    """The configuration of a folder, as `save` wrote it.

    Raises:
        ModelError: it is missing or damaged.
    """
    try:
        return ModelConfig.from_json((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unusable(folder, f"its configuration cannot be read ({error})") from error


def _unusable(folder: Path, found: str) -> ModelError:
    return ModelError(
        f"The model {folder.name!r} cannot be used: {found}. Copy its folder again; of Sottovoce's "
        "own model it is assets/models/sottovoce-base."
    )


def sha256(folder: Path) -> str:
    """The SHA-256 of the weights in a folder."""
    with open(folder / WEIGHTS, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
