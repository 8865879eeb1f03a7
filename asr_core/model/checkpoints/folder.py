"""A folder of somebody's model: its files read, its settings checked, its weights put into ours."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from asr_core.errors import ModelError
from asr_core.model.cmvn import Cmvn
from asr_core.model.hybrid import HybridModel, ModelConfig
from asr_core.model.torch_files import load_torch

Names = tuple[tuple[str, str], ...]  # (pattern of their name, ours)

MAX_SETTINGS = 2_000_000  # bytes of a configuration; those of thousands of units have 100 kB
SAFE_WEIGHTS = "model.safetensors"

# Computed anew, of training, or read from where they come from.
_DROPPED = re.compile(
    r"(.*\.pe|criterion_att\..*|specaug\..*|frontend\.logmel\.melmat|normalize\.(mean|std))$"
)
_BLOCK = re.compile(r"((?:encoder|decoder|decoder_r2l)\.blocks\.\d+\.)(.*)")

# What reading a configuration ends in when it is not of the shape its family gives it.
_MISSHAPEN = (LookupError, TypeError, AttributeError, ValueError, RuntimeError, ArithmeticError)


class Checkpoint(NamedTuple):
    """A public model, and what its makers wrote down about it."""

    model: HybridModel
    settings: dict[str, Any]


_Made = TypeVar("_Made")


def refusing(load: Callable[[Path], _Made]) -> Callable[[Path], _Made]:
    """The same, with a sentence for a folder that `load` cannot make sense of."""

    @wraps(load)
    def refuse(folder: Path) -> _Made:
        try:
            return load(folder)
        except FileNotFoundError as error:
            missing = Path(str(error.filename or SAFE_WEIGHTS)).name
            raise ModelError(
                f"The model folder {folder.name!r} has no file {missing}. Copy the whole folder."
            ) from error
        except (OSError, yaml.YAMLError, SafetensorError, UnicodeDecodeError) as error:
            raise ModelError(
                f"The model folder {folder.name!r} is damaged: {error}. Copy it again."
            ) from error
        except _MISSHAPEN as error:
            raise ModelError(
                f"The model folder {folder.name!r} is damaged or of another kind: its settings are "
                f"not those of such a model ({type(error).__name__}). Copy it again."
            ) from error

    return refuse


def read_settings(path: Path) -> dict[str, Any]:
    """What a YAML file holds; it holds no code."""
    if path.stat().st_size > MAX_SETTINGS:
        raise OSError(f"{path.name} is far too long")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def read_weights(folder: Path, published: str) -> dict[str, Tensor]:
    """The weights under their makers' names, without those that are not needed."""
    if (folder / published).is_file():
        return needed(folder, load_torch(folder / published))
    if (folder / SAFE_WEIGHTS).is_file():
        return needed(folder, load_file(folder / SAFE_WEIGHTS))
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), published)


def needed(folder: Path, weights: Any) -> dict[str, Tensor]:
    """Those of the weights that we use."""
    if not isinstance(weights, dict) or not all(isinstance(w, Tensor) for w in weights.values()):
        raise ModelError(
            f"The model folder {folder.name!r} holds something else than weights where they should "
            "be. Copy it again."
        )
    return {name: value for name, value in weights.items() if not _DROPPED.match(name)}


def read_statistics(path: Path, read: Callable[[Path], Cmvn]) -> Cmvn:
    """Mean and deviation out of their own file."""
    try:
        return read(path)
    except _MISSHAPEN as error:
        raise ModelError(
            f"{path.name} in the model folder {path.parent.name!r} is damaged "
            f"({type(error).__name__}). Copy it again."
        ) from error


def cmvn_of(config: dict[str, Any]) -> Cmvn:
    """Mean and deviation out of the settings; nothing where they do not hold them."""
    found = config.get("cmvn")
    if not isinstance(found, dict):
        return {}
    return {f"encoder.{name}": torch.tensor(found[name]) for name in ("mean", "istd")}


def require(
    folder: Path, found: dict[str, Any], normal: dict[str, Any] | None = None, **wanted: Any
) -> None:
    """See to it that what settings say is what we do; they may be silent about it."""
    for name, value in {**(normal or {}), **wanted}.items():
        if found.get(name, value) != value:
            raise ModelError(
                f"The model {folder.name!r} has {name}: {found[name]}, and Sottovoce runs only "
                f"models with {name}: {value}. Choose another model."
            )


def renamed(
    weights: dict[str, Tensor], names: Names, encoder_parts: Names, decoder_parts: Names
) -> dict[str, Tensor]:
    """The weights under our names; what the tables do not know keeps its own."""
    return {
        _our_name(theirs, names, encoder_parts, decoder_parts): weight
        for theirs, weight in weights.items()
    }


def _our_name(theirs: str, names: Names, encoder_parts: Names, decoder_parts: Names) -> str:
    for pattern, ours in names:
        theirs = re.sub(f"^{pattern}", ours, theirs)
    block = _BLOCK.match(theirs)
    if block is None:
        return theirs
    prefix, rest = block.groups()
    for pattern, ours in encoder_parts if prefix.startswith("encoder") else decoder_parts:
        rest, n_found = re.subn(f"^{pattern}", ours, rest)
        if n_found:
            break
    return prefix + rest


def filled(folder: Path, config: ModelConfig, state: dict[str, Tensor]) -> HybridModel:
    """Our model of that shape with these weights, all of them and no others."""
    parts = [config.encoder, config.decoder, *filter(None, [config.decoder_r2l])]
    if sum(part.n_layers for part in parts) > len(state):  # before they are made
        raise ModelError(
            f"The model folder {folder.name!r} is damaged: it claims more layers (n_layers) than "
            "it has weights. Copy it again."
        )
    for name, value in state.items():
        if name.endswith((".conv.expand.weight", ".conv.reduce.weight")) and value.dim() == 3:
            state[name] = value.squeeze(-1)  # a convolution over one frame is a linear layer
    return HybridModel.filled(config, state, folder.name)
