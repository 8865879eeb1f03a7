"""The models on this computer, by name."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from asr_core.errors import ModelError

BUNDLED = "sottovoce-base"

_ASSETS = Path(__file__).resolve().parents[2] / "assets" / "models"


def models_folder() -> Path:
    """Where models that were added lie, a folder each."""
    import platformdirs  # here, since most runs need the bundled model alone

    return platformdirs.user_data_path("sottovoce", appauthor=False) / "models"


def installed() -> dict[str, Path]:
    """The folders of all models by their names: the bundled one, then those that were added."""
    found = {BUNDLED: _ASSETS / BUNDLED}
    with suppress(OSError):  # nothing was ever added
        for path in sorted(models_folder().iterdir()):
            if path.is_dir() and not path.name.startswith("."):
                found.setdefault(path.name, path)
    return found


def folder_of(name: str) -> Path:
    """The folder of an installed model, or the one that `name` itself is the path of.

    Raises:
        ModelError: there is none.
    """
    models = installed()
    folder = models.get(name, Path(name))
    if not folder.is_dir():
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
