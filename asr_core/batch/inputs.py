"""The recordings of a folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from asr_core.audio import EXTENSIONS
from asr_core.errors import AsrError


@dataclass(frozen=True, slots=True)
class Input:
    """A recording, and its name below the folder, with "/" between the parts."""

    path: Path
    name: str
    n_bytes: int


def recordings_in(folder: Path, apart: Path) -> list[Input]:
    """Every recording in `folder` and the folders in it, by name; nothing hidden, no links.

    Args:
        apart: a folder that is left out, the one of the transcripts.

    Raises:
        AsrError: it is no folder, or holds no recording.
    """
    if not folder.is_dir():
        raise AsrError(f"{str(folder)!r} is no folder. Name the one the recordings are in.")
    found, left_out = [], apart.resolve()
    for place, folders, files in os.walk(folder):
        here = Path(place)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and (here / name).resolve() != left_out
        ]
        for name in files:
            path = here / name
            is_sound = path.suffix.lower().lstrip(".") in EXTENSIONS
            if is_sound and not name.startswith(".") and path.is_file() and not path.is_symlink():
                size = path.stat().st_size
                found.append(Input(path, path.relative_to(folder).as_posix(), size))
    if not found:
        raise AsrError(
            f"There is no recording in {str(folder)!r}, that is no {', '.join(EXTENSIONS[:6])} ..."
        )
    return sorted(found, key=lambda one: one.name)


def unreadable(name: str, error: OSError) -> str:
    """The sentence about a recording that cannot be read."""
    return f"{name!r} cannot be read: {error.strerror}."
