"""Training the bundled model: grown from Whisper base, its own vocabulary, its own validation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from asr_core.audio.features import log_mel
from asr_core.engines.decoding import never_text
from asr_core.model import trained
from asr_core.model.growth import is_new, load_bundled, load_grown, unit_table, whisper_tokenizer
from asr_core.model.hybrid import HybridModel
from asr_core.model.precision import place, training_autocast
from asr_core.search.types import SearchOptions
from asr_core.settings import FloatPrecision
from asr_core.training.corpus import SoundCache, Utterance, read_corpus, split_by_speaker
from asr_core.training.examples import Examples
from asr_core.training.loop import Run, Task, best_of, parts_of
from asr_core.training.losses import joint_objective
from asr_core.training.recipe import Begin, Recipe
from asr_core.training.restore import restore
from asr_core.training.targets import WhisperWriter
from asr_core.training.validate import Report, Validator, chosen

_MOST_VALIDATED = 60  # utterances a group
_JOINT_WEIGHT = 0.1  # in validation
_CTC_WEIGHTS = {"zh": 0.05, "en": 0.01}  # on held-back speakers more than that read worse


def base_run(
    manifests: Sequence[Path],
    folder: Path,
    recipe: Recipe,
    device: str = "auto",
    precision: FloatPrecision = "auto",
    begin: Begin = "whisper",
) -> Run[HybridModel]:
    """A run that trains the bundled model, ready to `train()` or to go on.

    Args:
        begin: with Whisper's weights, or with the trained ones that are bundled.

    Raises:
        AsrError: a manifest or recording cannot be used, or the folder holds another run.
    """
    tokenizer = whisper_tokenizer()
    units = unit_table()
    model = _beginning(begin)
    where, autocast = training_autocast(device, precision)
    model.to(where)
    writer = WhisperWriter(tokenizer, units)
    utterances = read_corpus(manifests)
    heard, held_back = split_by_speaker(utterances, recipe.held_back)
    sounds = SoundCache(folder / "sounds")
    sample = chosen(held_back, _MOST_VALIDATED)
    options = SearchOptions(
        eos_id=tokenizer.eos_id,
        length_penalty=1.0,
        ctc_weight=_JOINT_WEIGHT,
        suppressed=never_text(tokenizer, model.config.decoder.vocab_size),
        units=units.of_tokens,
    )

    validator = Validator(sounds, writer, log_mel, options)

    def report(tail: float) -> Report:
        return validator.report(model, sample, tail)

    def write(bare: Sequence[Utterance]) -> Iterator[tuple[Utterance, str]]:
        ready = place(_beginning(begin), device, precision)  # faster than what is to be trained
        tail = ready.model.config.tail
        with ready.autocast():
            found = validator.transcribed(ready.model, bare, tail, ["attention"])
            for utterance, texts in found:
                yield utterance, texts["attention"]

    heard = restore(heard, write, folder / "texts.json")
    examples = Examples(heard, sounds, writer, log_mel, recipe)
    parts = parts_of(model, recipe, grown=True)
    task = Task(parts, joint_objective(model, recipe), report, model.config.tail)
    return Run(model, task, examples, recipe, folder, autocast)


def _beginning(begin: Begin) -> HybridModel:
    return load_bundled() if begin == "bundled" else load_grown()


def pack_run(folder: Path, destination: Path) -> str:
    """Write the best weights of a run as they ship; the SHA-256 of the file.

    Raises:
        AsrError: no validation of the run was good enough to keep.
    """
    best = best_of(folder)
    model = load_grown()
    changes = trained.packed(best["weights"], dict(model.named_parameters()), is_new)
    config = replace(model.config, tail=best["tail"], ctc_weights=_CTC_WEIGHTS)
    return trained.save(changes, config, destination)
