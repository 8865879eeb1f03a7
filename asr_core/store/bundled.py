"""The models on this computer: what they are, where they come from, whether they are whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from asr_core.errors import ModelError
from asr_core.model import trained, whisper

CARD = "CARD.md"


@dataclass(frozen=True, slots=True)
class Model:
    """What there is to say of a model without loading it."""

    name: str
    about: str
    license: str
    packages: tuple[str, ...]  # Python packages that bring its bytes
    sha256: str
    public_source: str  # where the same bytes can be had
    folder: Path = trained.FOLDER  # of what training changed, with its card


MODELS = (
    Model(
        "sottovoce-base",
        "A Conformer with CTC and attention, grown from multilingual Whisper base and trained",
        "MIT",
        whisper.PACKAGES,
        whisper.SHA256,
        whisper.PUBLIC_SOURCE,
    ),
)


@dataclass(frozen=True, slots=True)
class Condition:
    """What was found on the disk."""

    versions: tuple[str, ...]  # of the packages
    n_bytes: int
    is_whole: bool  # its digest is the published one
    n_trained_bytes: int
    trained_sha256: str
    is_trained_whole: bool


def condition(model: Model) -> Condition:
    """Look at every byte of a model.

    Raises:
        ModelError: a package is not installed, or the trained weights are not there.
    """
    digest, n_bytes = hashlib.sha256(), 0
    for number, package in enumerate(model.packages, start=1):
        with whisper.data_file(f"model.bin.part{number}", package).open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
                n_bytes += len(chunk)
    return Condition(
        tuple(_version(package) for package in model.packages),
        n_bytes,
        digest.hexdigest() == model.sha256,
        *trained.condition(model.folder),
    )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        raise ModelError(
            f"The package {package} is not installed as it should be. Start launch.py again."
        ) from None
