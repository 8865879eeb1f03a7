"""Weights in PyTorch's own files, which are pickles: read as data, never run."""

from __future__ import annotations

import argparse
import zipfile
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from asr_core.errors import ModelError


def load_torch(path: Path) -> Any:
    """What a file of `torch.save` holds: tensors, containers of them, and an argparse Namespace.

    Raises:
        ModelError: it is damaged, or holds anything else, none of which was run.
    """
    try:
        zipped = zipfile.is_zipfile(path)
        if zipped and any(name.endswith("/constants.pkl") for name in _names(path)):
            raise ModelError(
                f"{path.name} in the model folder {path.parent.name!r} is a TorchScript program, "
                "and Sottovoce runs no programs of others. Get the weights it was made from."
            )
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except UnpicklingError as error:
        raise ModelError(
            f"{path.name} in the model folder {path.parent.name!r} is damaged or holds more than "
            "weights, which Sottovoce does not run. Copy it again from the project it is of."
        ) from error
    except FileNotFoundError:
        raise
    except (OSError, *_DAMAGED) as error:
        raise ModelError(
            f"{path.name} in the model folder {path.parent.name!r} is damaged "
            f"({type(error).__name__}). Copy it again."
        ) from error


# What reading a damaged archive or pickle ends in.
_DAMAGED = (zipfile.BadZipFile, EOFError, RuntimeError, LookupError, TypeError, ValueError)
_DAMAGED += (AttributeError, ArithmeticError, MemoryError, AssertionError)


def _names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()
