"""An exported model as a folder: the graph, and a description of what it was made of.

The graph is the ear alone. Decoder, tokens and the rest are those of the bundled model, so a folder
fits the weights it was exported from and no others.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from asr_core.engines.folders import BUNDLED, BUNDLED_FOLDER
from asr_core.errors import AsrError, ModelError
from asr_core.model import trained
from asr_core.saving import save_bytes, save_text

DESCRIPTION = "sottovoce-onnx.json"
GRAPH = "model.onnx"
INPUTS = ("features", "lengths")
OUTPUTS = ("encoder_out", "encoder_lengths", "log_probs", "ctc_lengths")


@dataclass(frozen=True, slots=True)
class Exported:
    """What a folder says of itself.

    Attributes:
        model: whose encoder it is.
        weights: SHA-256 of the trained weights, with their share.
        precision: of the encoder's products: "float32" or "int8".
        sha256: of the graph.
    """

    model: str
    weights: str
    precision: str
    sha256: str


def write_exported(folder: Path, graph: bytes, precision: str) -> None:
    """Write a graph of the bundled model; the description, without which it is no model, last.

    Raises:
        AsrError: there is something in the folder already, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        raise AsrError(f"Cannot make the folder {folder}: {error.strerror}.") from None
    if not is_empty:
        raise AsrError(f"There is something in {folder} already. Give a new folder.")
    save_bytes(folder / GRAPH, graph)
    said = Exported(BUNDLED, _weights(), precision, hashlib.sha256(graph).hexdigest())
    save_text(folder / DESCRIPTION, json.dumps(asdict(said), indent=2) + "\n")


def read_exported(folder: Path) -> Exported:
    """What a folder says of itself; its graph is whole and fits the bundled model.

    Raises:
        ModelError: it is damaged, or was exported from other weights.
    """
    try:
        found: dict[str, Any] = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        said = Exported(**found)
        with open(folder / GRAPH, "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != said.sha256:
                raise ValueError(GRAPH)
    except (OSError, ValueError, TypeError) as error:
        raise damaged(folder, type(error).__name__) from None
    if said.weights != _weights():
        raise ModelError(
            f"The model {folder.name!r} was exported from another version of Sottovoce. Export it "
            "again: sottovoce models export --onnx."
        )
    return said


def damaged(folder: Path, kind: str) -> ModelError:
    """Of a folder that cannot be read, and what kind of error says so."""
    return ModelError(
        f"The exported model {folder.name!r} is damaged ({kind}). Export it again: sottovoce "
        "models export --onnx."
    )


def _weights() -> str:
    """What the encoder of the bundled model is made of here."""
    shares = trained.load_config(BUNDLED_FOLDER).change_share
    return f"{trained.sha256(BUNDLED_FOLDER)} x {shares.get('encoder', 1.0)}"
