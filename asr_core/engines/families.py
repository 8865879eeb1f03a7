"""The families of hybrid models, each made into a recognizer for the one engine that runs them."""

from __future__ import annotations

from pathlib import Path

from asr_core.audio.features import kaldi_fbank
from asr_core.engines.folders import folder_of
from asr_core.engines.hybrid import HybridEngine, Recognizer
from asr_core.errors import ModelError
from asr_core.model.checkpoints import load_firered
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
    folder = folder_of(settings.engine)
    model, pieces = load_plain(folder)
    eos_id, weight = model.config.eos_id, model.config.ctc_weights["mixed"]
    search = SearchOptions(eos_id, ctc_weight=weight, length_penalty=1.0)
    rescoring = RescoreOptions(eos_id, weight)
    recognizer = Recognizer(model, pieces, plain_features, search, rescoring)
    return HybridEngine(folder.name, recognizer, settings)


def firered(settings: Settings) -> HybridEngine:
    """The engine for a FireRedASR-AED of either generation; searches as its makers advise.

    Raises: as `plain`.

    Source: FireRedASR's README: softmax smoothing 1.25, length penalty 0.6.
    """
    folder = folder_of(settings.engine)
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
    return HybridEngine(
        folder.name, Recognizer(model, pieces, kaldi_fbank, search, rescoring), settings
    )


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
