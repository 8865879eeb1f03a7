"""Models on this computer's shelf, as `sottovoce models add` leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from asr_core.places import models_folder
from asr_core.store.shelf import ADDING, Content, Shelved, put_up, sha256


def shelve(name: str, files: Mapping[str, str]) -> Path:
    """Put a model of these files up; gives its folder."""
    unfinished = models_folder() / ADDING / name
    unfinished.mkdir(parents=True)
    for path, text in files.items():
        (unfinished / path).write_text(text, encoding="utf-8")
    contents = {
        path: Content((unfinished / path).stat().st_size, sha256(unfinished / path))
        for path in files
    }
    put_up(unfinished, Shelved(name, "a stick", None, "nothing", contents))
    return models_folder() / name
