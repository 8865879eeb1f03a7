"""The families of hybrid models, each made into a recognizer for the one engine that runs them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from torch import Tensor

from asr_core.audio.features import kaldi_fbank, stft_log_mel
from asr_core.engines.folders import folder_of
from asr_core.engines.hybrid import HybridEngine, Recognizer
from asr_core.errors import ModelError
from asr_core.model.checkpoints import (
    espnet_frontend,
    load_espnet,
    load_firered,
    load_wenet,
    refusing,
)
from asr_core.model.hybrid import HybridModel, require_vocabulary
from asr_core.model.plain import load_plain, plain_features
from asr_core.search.rescore import RescoreOptions
from asr_core.search.types import SearchOptions
from asr_core.settings import Settings
from asr_core.text.published import PublishedPieces, symbols_of

_CTC_WEIGHT = 0.3  # in joint search, of all three families' recipes
_RESCORING_CTC_WEIGHT = 0.5  # WeNet's


def plain(settings: Settings) -> HybridEngine:
    """The engine for what `sottovoce train --preset plain` made, in the folder `settings.engine`.

    Raises:
        ModelError: the folder is damaged.
        AsrError: there is no such device.
    """
    return _engine(settings, _plain)


def firered(settings: Settings) -> HybridEngine:
    """The engine for a FireRedASR-AED of either generation; raises as `plain`."""
    return _engine(settings, _firered)


def wenet(settings: Settings) -> HybridEngine:
    """The engine for a WeNet Conformer, U2 or U2++; raises as `plain`."""
    return _engine(settings, _wenet)


def espnet(settings: Settings) -> HybridEngine:
    """The engine for an ESPnet Conformer with a decoder; raises as `plain`."""
    return _engine(settings, _espnet)


def _engine(settings: Settings, recognizer_of: Callable[[Path], Recognizer]) -> HybridEngine:
    folder = folder_of(settings.engine)
    return HybridEngine(folder.name, recognizer_of(folder), settings)


def _plain(folder: Path) -> Recognizer:
    model, pieces = load_plain(folder)
    eos_id, weight = model.config.eos_id, model.config.ctc_weights["mixed"]
    search = SearchOptions(eos_id, ctc_weight=weight, length_penalty=1.0)
    return Recognizer(model, pieces, plain_features, search, RescoreOptions(eos_id, weight))


@refusing
def _firered(folder: Path) -> Recognizer:
    """Source: FireRedASR's README: softmax smoothing 1.25, length penalty 0.6."""
    model = load_firered(folder).model
    eos_id = model.config.eos_id
    search = SearchOptions(
        eos_id,
        finish="compete",
        ctc_weight=_CTC_WEIGHT,
        length_penalty=0.6,
        length_offset=6.0,
        temperature=1.25,
    )
    pieces = _listed(folder / "dict.txt", model)
    rescoring = RescoreOptions(eos_id, _RESCORING_CTC_WEIGHT)
    return Recognizer(model, pieces, _kaldi_features(model), search, rescoring)


@refusing
def _wenet(folder: Path) -> Recognizer:
    """The reader from behind has the weight that it was trained with."""
    model, said = load_wenet(folder)
    eos_id = model.config.eos_id
    reverse_weight = 0.0
    if model.decoder_r2l is not None:
        reverse_weight = float(said.get("model_conf", {}).get("reverse_weight", 0.0))
    search = SearchOptions(eos_id, finish="compete", ctc_weight=_CTC_WEIGHT)
    pieces = _listed(folder / "units.txt", model)
    rescoring = RescoreOptions(eos_id, _RESCORING_CTC_WEIGHT, reverse_weight)
    return Recognizer(model, pieces, _kaldi_features(model), search, rescoring)


@refusing
def _espnet(folder: Path) -> Recognizer:
    model, said = load_espnet(folder)
    eos_id, heard = model.config.eos_id, espnet_frontend(said)
    features = partial(
        stft_log_mel,
        n_mels=model.config.encoder.n_mels,
        n_fft=int(heard["n_fft"]),
        window=int(heard["win_length"]),
        hop=int(heard["hop_length"]),
    )
    search = SearchOptions(eos_id, finish="collect", ctc_weight=_CTC_WEIGHT)
    rescoring = RescoreOptions(eos_id, _RESCORING_CTC_WEIGHT)
    return Recognizer(model, PublishedPieces(said["token_list"]), features, search, rescoring)


def _kaldi_features(model: HybridModel) -> Callable[[Tensor], Tensor]:
    return partial(kaldi_fbank, n_mels=model.config.encoder.n_mels)


def _listed(path: Path, model: HybridModel) -> PublishedPieces:
    """The vocabulary of a file with one symbol a line.

    Raises:
        ModelError: it is missing, damaged or of another model.
    """
    try:
        symbols = symbols_of(path.read_text(encoding="utf-8").removesuffix("\n").split("\n"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The vocabulary of the model {path.parent.name!r} cannot be read ({error}). Copy the "
            "model's folder again."
        ) from error
    require_vocabulary(len(symbols), model.config, path.parent.name)
    return PublishedPieces(symbols)
