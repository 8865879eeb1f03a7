"""A model that was trained from nothing, as a folder: configuration, weights, vocabulary."""

from __future__ import annotations

import json
from pathlib import Path

from torch import Tensor

from asr_core.audio.features import kaldi_fbank
from asr_core.errors import ModelError
from asr_core.model import trained
from asr_core.model.hybrid import HybridModel, require_vocabulary
from asr_core.text.pieces import VOCABULARY, Pieces

N_MELS = 40


def plain_features(waveform: Tensor) -> Tensor:
    """(B, N) 16 kHz -> (B, T, 40) log-mel bands of 25 ms every 10 ms."""
    return kaldi_fbank(waveform, N_MELS, snip_edges=False)


def save_plain(model: HybridModel, pieces: Pieces, folder: Path) -> str:
    """Write the folder; the SHA-256 of the weights."""
    weights = {name: weight.contiguous() for name, weight in model.state_dict().items()}
    digest = trained.save(weights, model.config, folder)
    texts = json.dumps(pieces.own, ensure_ascii=False)
    (folder / VOCABULARY).write_text(texts + "\n", encoding="utf-8")
    return digest


def load_plain(folder: Path) -> tuple[HybridModel, Pieces]:
    """The model of a folder, in float32 and evaluation mode, and its vocabulary.

    Raises:
        ModelError: something is missing or damaged, or does not fit the rest.
    """
    try:
        texts = json.loads((folder / VOCABULARY).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The vocabulary of the model {folder.name!r} cannot be read ({error}). Copy the "
            "model's folder again."
        ) from error
    config = trained.load_config(folder)
    is_vocabulary = isinstance(texts, list) and all(isinstance(text, str) for text in texts)
    pieces = Pieces(texts if is_vocabulary else [])
    require_vocabulary(len(pieces.texts), config, folder.name)
    return HybridModel.filled(config, trained.load(folder), folder.name), pieces
