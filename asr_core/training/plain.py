"""The preset `plain`: a Conformer of its own sizes and vocabulary, trained from nothing.

Not shipped: good recognition takes thousands of hours of speech. Who has them can train it, and
twenty utterances are enough to see that all of it works: `--set held_back=0`, no augmentation, and
it reads every one of them without a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from asr_core.audio.features import kaldi_fbank
from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import HybridModel, ModelConfig
from asr_core.model.precision import training_autocast
from asr_core.model.units import common_characters
from asr_core.search.types import SearchOptions
from asr_core.settings import Precision
from asr_core.training.corpus import SoundCache, Utterance, read_corpus, split_by_speaker
from asr_core.training.examples import Examples
from asr_core.training.loop import Run
from asr_core.training.recipe import Recipe
from asr_core.training.targets import Target
from asr_core.training.validate import Report, Validator, chosen

_BLANK, _END = "", "<end>"
_LETTERS = " abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OTHERS = "0123456789.,?!'\"-:;%$€£¥°+=/&@#()，。？！、：；“”（）《》…—·"
_ABBREVIATIONS = (
    *("AI", "API", "APP", "ATM", "CEO", "CFO", "CPU", "CTO", "DNA", "DVD", "EU", "FAQ", "GDP"),
    *("GPS", "GPU", "HR", "ID", "IP", "IPO", "IT", "KPI", "KTV", "MBA", "NASA", "NBA", "OK"),
    *("PDF", "PPT", "QR", "SUV", "TV", "UK", "UN", "UFO", "URL", "USA", "USB", "VIP", "VPN"),
    *("Wi-Fi", "WTO", "www", "a.m.", "p.m.", "Mr.", "Mrs.", "Dr."),
)
_N_MELS = 40
_MOST_MEASURED = 500  # utterances for the mean and deviation of the features
_MOST_VALIDATED = 60
_JOINT_WEIGHT = 0.3


class PlainWriter:
    """One vocabulary for CTC and decoder: common characters and abbreviations, letters, symbols.

    What is in none of them is left out.
    """

    def __init__(self) -> None:
        self.tokens = [
            *(_BLANK, _END, *_LETTERS, *_OTHERS, *_ABBREVIATIONS),
            *common_characters(rare=False),
        ]
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        words = "|".join(re.escape(word) for word in sorted(_ABBREVIATIONS, key=len, reverse=True))
        self._pieces = re.compile(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])|.", re.DOTALL)

    @property
    def eos_id(self) -> int:
        return self._ids[_END]

    def target(self, text: str, language: str, attends: bool = True) -> Target:
        """What `text` asks for; the language makes no difference."""
        pieces = self._pieces.findall(text)
        ids = tuple(self._ids[piece] for piece in pieces if piece in self._ids)
        return Target((self.eos_id,), (*ids, self.eos_id) if attends else (), ids)

    def heard(self, units: Sequence[int]) -> str:
        return "".join(self.tokens[unit] for unit in units if unit != self.eos_id)

    def written(self, tokens: Sequence[int]) -> str:
        return self.heard(tokens)


def plain_config(n_units: int) -> ModelConfig:
    """The sizes: 12 blocks of width 512, 8 heads with relative positions, kernel 15, FFN 1024.

    Residuals are not scaled.
    """
    return ModelConfig(
        EncoderConfig(
            n_mels=_N_MELS,
            d_ff=1024,
            normalizes_features=True,
            ff_scale=1.0,
            conv_norm="layer_norm",
        ),
        DecoderConfig(vocab_size=n_units, n_layers=3, d_ff=1024),
        n_units=n_units,
        language_head=True,
    )


def plain_run(
    manifests: Sequence[Path],
    folder: Path,
    recipe: Recipe,
    device: str = "auto",
    precision: Precision = "auto",
) -> Run:
    """A run that trains the plain model, ready to `train()` or to go on.

    With nothing held back it is validated on what it hears.

    Raises:
        AsrError: a manifest or recording cannot be used, or the folder holds another run.
    """
    writer = PlainWriter()
    where, autocast = training_autocast(device, precision)
    heard, held_back = split_by_speaker(read_corpus(manifests), recipe.held_back)
    sounds = SoundCache(folder / "sounds")
    torch.manual_seed(recipe.seed)
    model = HybridModel(plain_config(len(writer.tokens)))
    _normalize(model, heard[:_MOST_MEASURED], sounds)
    model.to(where)
    sample = chosen(held_back or heard, _MOST_VALIDATED)
    options = SearchOptions(writer.eos_id, length_penalty=1.0, ctc_weight=_JOINT_WEIGHT)

    validator = Validator(sounds, writer, features, options)

    def report(model: HybridModel, tail: float) -> Report:
        return validator.report(model, sample, tail)

    examples = Examples(heard, sounds, writer, features, recipe)
    return Run(model, examples, recipe, folder, autocast, report, grown=False)


def features(waveform: Tensor) -> Tensor:
    """(B, N) 16 kHz -> (B, T, 40) log-mel bands of 25 ms every 10 ms."""
    return kaldi_fbank(waveform, _N_MELS, snip_edges=False)


def _normalize(model: HybridModel, utterances: Sequence[Utterance], sounds: SoundCache) -> None:
    """Tell the model the mean and deviation of every band."""
    bands = torch.cat(
        [features(torch.from_numpy(sounds.waveform(u))[None])[0] for u in utterances]
    )  # (T, 40)
    model.encoder.mean.copy_(bands.mean(0))
    model.encoder.istd.copy_(1 / bands.std(0).clamp_min(1e-3))
