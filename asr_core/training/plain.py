"""The preset `plain`: a Conformer of its own sizes and vocabulary, trained from nothing.

Not shipped: good recognition takes thousands of hours of speech. Who has them can train it, and
twenty utterances are enough to see that all of it works: `--set held_back=0`, no augmentation, and
it reads every one of them without a mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import LANGUAGES, HybridModel, ModelConfig
from asr_core.model.plain import N_MELS, plain_features, save_plain
from asr_core.model.precision import training_autocast
from asr_core.model.units import common_characters
from asr_core.search.types import SearchOptions
from asr_core.settings import FloatPrecision
from asr_core.text.pieces import Pieces
from asr_core.training.corpus import SoundCache, Utterance, read_corpus, split_by_speaker
from asr_core.training.examples import Examples
from asr_core.training.loop import Run, Task, best_of, parts_of
from asr_core.training.losses import joint_objective
from asr_core.training.recipe import Recipe
from asr_core.training.targets import Target
from asr_core.training.validate import Report, Validator, chosen

_LETTERS = " abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OTHERS = "0123456789.,?!'\"-:;%$€£¥°+=/&@#()，。？！、：；“”（）《》…—·"
_ABBREVIATIONS = (
    *("AI", "API", "APP", "ATM", "CEO", "CFO", "CPU", "CTO", "DNA", "DVD", "EU", "FAQ", "GDP"),
    *("GPS", "GPU", "HR", "ID", "IP", "IPO", "IT", "KPI", "KTV", "MBA", "NASA", "NBA", "OK"),
    *("PDF", "PPT", "QR", "SUV", "TV", "UK", "UN", "UFO", "URL", "USA", "USB", "VIP", "VPN"),
    *("Wi-Fi", "WTO", "www", "a.m.", "p.m.", "Mr.", "Mrs.", "Dr."),
)
_MOST_MEASURED = 500  # utterances for the mean and deviation of the features
_MOST_VALIDATED = 60
_JOINT_WEIGHT = 0.3


def plain_pieces() -> Pieces:
    """One vocabulary: common characters and abbreviations, letters, digits, symbols."""
    return Pieces([*_LETTERS, *_OTHERS, *_ABBREVIATIONS, *common_characters(rare=False)])


class PlainWriter:
    """The plain model's vocabulary: CTC and the decoder write the same."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces

    def target(self, text: str, language: str, attends: bool = True) -> Target:
        """What `text` asks for; the language makes no difference."""
        ids = tuple(self._pieces.encode(text))
        end = self._pieces.eos_id
        return Target((end,), (*ids, end) if attends else (), ids)

    def heard(self, units: Sequence[int]) -> str:
        return self._pieces.decode(units)

    def written(self, tokens: Sequence[int]) -> str:
        return self._pieces.decode(tokens)


def plain_config(n_units: int) -> ModelConfig:
    """The sizes: 12 blocks of width 512, 8 heads with relative positions, kernel 15, FFN 1024.

    Residuals are not scaled.
    """
    return ModelConfig(
        EncoderConfig(
            n_mels=N_MELS,
            d_ff=1024,
            normalizes_features=True,
            ff_scale=1.0,
            conv_norm="layer_norm",
        ),
        DecoderConfig(vocab_size=n_units, n_layers=3, d_ff=1024),
        n_units=n_units,
        language_head=True,
        ctc_weights=dict.fromkeys(LANGUAGES, _JOINT_WEIGHT),
    )


def plain_run(
    manifests: Sequence[Path],
    folder: Path,
    recipe: Recipe,
    device: str = "auto",
    precision: FloatPrecision = "auto",
) -> Run[HybridModel]:
    """A run that trains the plain model, ready to `train()` or to go on.

    With nothing held back it is validated on what it hears.

    Raises:
        AsrError: a manifest or recording cannot be used, or the folder holds another run.
    """
    pieces = plain_pieces()
    writer = PlainWriter(pieces)
    where, autocast = training_autocast(device, precision)
    heard, held_back = split_by_speaker(read_corpus(manifests), recipe.held_back)
    sounds = SoundCache(folder / "sounds")
    torch.manual_seed(recipe.seed)
    model = HybridModel(plain_config(len(pieces.texts)))
    _normalize(model, heard[:_MOST_MEASURED], sounds)
    model.to(where)
    sample = chosen(held_back or heard, _MOST_VALIDATED)
    options = SearchOptions(pieces.eos_id, length_penalty=1.0, ctc_weight=_JOINT_WEIGHT)

    validator = Validator(sounds, writer, plain_features, options)

    def report(tail: float) -> Report:
        return validator.report(model, sample, tail)

    examples = Examples(heard, sounds, writer, plain_features, recipe)
    parts = parts_of(model, recipe, grown=False)
    task = Task(parts, joint_objective(model, recipe), report, model.config.tail)
    return Run(model, task, examples, recipe, folder, autocast)


def pack_plain(run: Run[HybridModel], destination: Path) -> str:
    """Write the best weights of a run as a model folder; the SHA-256 of the weights.

    Raises:
        AsrError: no validation of the run was good enough to keep.
    """
    best = best_of(run.folder)
    model = run.model.cpu()
    model.load_state_dict(best["weights"], strict=False)  # they lack the features' mean
    model.config = replace(model.config, tail=best["tail"])
    return save_plain(model, plain_pieces(), destination)


def _normalize(model: HybridModel, utterances: Sequence[Utterance], sounds: SoundCache) -> None:
    """Tell the model the mean and deviation of every band."""
    bands = torch.cat(
        [plain_features(torch.from_numpy(sounds.waveform(u))[None])[0] for u in utterances]
    )  # (T, 40)
    model.encoder.mean.copy_(bands.mean(0))
    model.encoder.istd.copy_(1 / bands.std(0).clamp_min(1e-3))
