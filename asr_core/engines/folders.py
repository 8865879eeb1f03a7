"""The models on this computer, by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from asr_core.errors import ModelError
from asr_core.places import BUNDLED_MODELS
from asr_core.store import model_folder, shelved
from asr_core.store.catalogue import BUNDLED

BUNDLED_FOLDER = BUNDLED_MODELS / BUNDLED


def installed() -> dict[str, Path]:
    """The folders of all models by their names: the bundled one, then those that were added."""
    return {BUNDLED: BUNDLED_FOLDER} | {model.id: model.folder for model in shelved()}


def folder_of(name: str) -> Path:
    """The folder of an installed model, or the one or the GGUF file that `name` is the path of.

    Raises:
        ModelError: there is none, or one that was added is damaged.
    """
    models = installed()
    added = model_folder(name) if name in models else None  # a file of it may be gone
    folder = added or models.get(name, Path(name))
    if not folder.is_dir() and not (folder.suffix == ".gguf" and folder.is_file()):
        known = ", ".join(models)
        raise ModelError(f"There is no model {name!r}. Choose a model folder or one of: {known}.")
    return folder


def description(folder: Path) -> dict[str, Any]:
    """What a model folder's config.json says; nothing where there is none that can be read."""
    try:
        found = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
