"""The models that were added: a folder each, whose manifest says what belongs in it.

A folder counts as a model when it has a manifest, which is written last and before the folder gets
its name. What is on its way lies in `.adding`, and what is being deleted, too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from asr_core.errors import ModelError
from asr_core.places import models_folder
from asr_core.store.catalogue import BUNDLED

MANIFEST = "sottovoce-model.json"
ADDING = ".adding"

Progress = Callable[[int], None]  # bytes so far

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST = 10_000_000  # bytes of a manifest


@dataclass(frozen=True, slots=True)
class Content:
    """One file of a model."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Shelved:
    """A model that was added, as its manifest says.

    Attributes:
        source: an address, or the name of the folder or archive it came from.
        revision: of the hub, None if it came from elsewhere.
        checked: what its digests were compared with: "catalogue", "hub", "manifest", or "nothing".
        files: by their paths in the folder, with "/".
        agreed: SHA-256 of the pickle in it that a person said yes to, see `pickled`; None if none.
    """

    id: str
    source: str
    revision: str | None
    checked: str
    files: Mapping[str, Content]
    agreed: str | None = None

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return models_folder() / self.id

    @property
    def n_bytes(self) -> int:
        """Bytes of all its files."""
        return sum(content.size for content in self.files.values())


def shelved() -> list[Shelved]:
    """The models that were added, by name; what is unfinished or damaged beyond reading is none."""
    found = []
    with suppress(OSError):
        for path in sorted(models_folder().iterdir()):
            with suppress(ModelError):
                if _ID.fullmatch(path.name):
                    found.append(_read(path))
    return found


def find(name: str) -> Shelved:
    """A model that was added.

    Raises:
        ModelError: it is not here, or its manifest cannot be read.
    """
    checked_id(name)
    return _read(models_folder() / name)


def model_folder(name: str) -> Path | None:
    """The folder an engine loads a model from; None if it was not added.

    Every file is there with the size it should have. Its bytes are compared when it is added, and
    by `faults`.

    Raises:
        ModelError: a file of it is missing or was cut.
    """
    if not (models_folder() / name / MANIFEST).is_file():
        return None
    model = find(name)
    for path, content in model.files.items():
        try:
            size = (model.folder / path).stat().st_size
        except OSError:
            size = -1
        if size != content.size:
            raise ModelError(
                f"The model {name} is damaged: {path} is missing or was changed. "
                f"Remove it and add it again."
            )
    return model.folder


def faults(model: Shelved, progress: Progress = lambda n_bytes: None) -> list[str]:
    """Read every byte of a model and say what is not as it was when it was added."""
    findings, done = [], 0
    for path, content in model.files.items():
        try:
            if (
                sha256(model.folder / path, lambda n, done=done: progress(done + n))
                != content.sha256
            ):
                findings.append(f"{path} was changed")
        except OSError as error:
            findings.append(f"{path} cannot be read: {error.strerror}")
        done += content.size
    return findings


def remove(name: str) -> int:
    """Delete a model that was added, or what there is of one on its way; gives the bytes freed.

    Raises:
        ModelError: there is nothing of it, it is bundled, in use, or just being added.
    """
    if name == BUNDLED:
        raise ModelError(f"{name} comes with Sottovoce and stays. Remove Sottovoce to remove it.")
    checked_id(name)
    with locked(name) as unfinished:
        whole = models_folder() / name
        parts = [path for path in (whole, unfinished) if path.exists()]
        n_bytes = sum(file.stat().st_size for part in parts for file in files_in(part))
        if not n_bytes:
            raise ModelError(f"The model {name} is not on this computer.")
        if whole.exists():
            unfinished.mkdir(parents=True, exist_ok=True)
            try:  # first out of sight: half a model is none
                os.replace(whole, unfinished / f"removed-{secrets.token_hex(4)}")
            except OSError as error:
                raise ModelError(
                    f"The model {name} cannot be removed ({error.strerror}). End what uses it."
                ) from None
        shutil.rmtree(unfinished)
    return n_bytes


@contextmanager
def locked(name: str) -> Iterator[Path]:
    """Be the only one who adds or removes this model; gives the folder for what is unfinished.

    Raises:
        ModelError: somebody else is at it, or the folder cannot be made.
    """
    from filelock import FileLock, Timeout

    folder = models_folder() / ADDING
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"{name}.lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise ModelError(
            f"The model {name} is being added or removed already, by another window or program. "
            "Wait for it, or stop it there."
        ) from None
    except OSError as error:
        raise ModelError(f"Cannot write in {models_folder()}: {error.strerror}.") from None
    try:
        yield folder / name
    finally:
        lock.release()


def begun() -> dict[str, int]:
    """Models of which a part has come, with the bytes that are here."""
    found = {}
    with suppress(OSError):
        for folder in (models_folder() / ADDING).iterdir():
            if n_bytes := sum(file.stat().st_size for file in files_in(folder)):
                found[folder.name] = n_bytes
    return found


def put_up(unfinished: Path, model: Shelved) -> None:
    """Write the manifest and give the folder its name: from here on it is a model.

    Raises:
        OSError: the disk refuses it.
    """
    manifest = json.dumps({"format": 1, **asdict(model)}, indent=2, ensure_ascii=False)
    with open(unfinished / MANIFEST, "w", encoding="utf-8") as file:
        file.write(manifest + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, model.folder)


def manifest_in(text: str) -> Shelved:
    """A manifest, as `put_up` wrote it.

    Raises:
        ValueError: this is none.
    """
    data = json.loads(text)
    if not isinstance(data, dict) or data.get("format") != 1:
        raise ValueError("no manifest, or one of a later version")
    files = {
        checked_path(path): Content(_size(content["size"]), _digest(content["sha256"]))
        for path, content in _mapping(data.get("files")).items()
    }
    if not files:
        raise ValueError("no files")
    revision = data.get("revision")
    agreed = data.get("agreed")
    return Shelved(
        _text(data.get("id")),
        _text(data.get("source")),
        None if revision is None else _text(revision),
        _text(data.get("checked")),
        files,
        None if agreed is None else _digest(agreed),
    )


def checked_id(name: str) -> str:
    """`name`, which may be that of a folder.

    Raises:
        ModelError: it may not.
    """
    if not _ID.fullmatch(name):
        raise ModelError(
            f"{name!r} is no name of a model. Use small letters, figures, and - . _ between them."
        )
    return name


def checked_path(path: str) -> str:
    """`path`, which stays in the folder it is put into, on every system.

    Raises:
        ValueError: it does not.
    """
    parts = PurePosixPath(path).parts
    if (
        not parts
        or path != "/".join(parts)
        or "\\" in path
        or ".." in parts
        or path.startswith("/")
        or PureWindowsPath(path).drive
        or any(ord(character) < 32 or character in '<>:"|?*' for character in path)
    ):
        raise ValueError(f"{path!r} is no path within a folder")
    return path


def files_in(folder: Path) -> Iterator[Path]:
    """Every file below a folder, links left out."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path


def sha256(path: Path, progress: Progress = lambda n_bytes: None) -> str:
    """The SHA-256 of a file, in hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    digest, n_bytes = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            n_bytes += len(chunk)
            progress(n_bytes)
    return digest.hexdigest()


def _read(folder: Path) -> Shelved:
    path = folder / MANIFEST
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("far too long")
        model = manifest_in(path.read_text("utf-8"))
        if model.id != folder.name:
            raise ValueError("of another model")
    except FileNotFoundError:
        raise ModelError(f"The model {folder.name} is not on this computer.") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(
            f"The manifest of the model {folder.name} cannot be read ({error}). "
            "Remove the model and add it again."
        ) from None
    return model


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no list of files")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("something is missing")
    return value


def _size(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("no size")
    return value


def _digest(value: Any) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError("no digest")
    return value
