"""Distilling the bundled model into fewer bits: `sottovoce train --preset qad-int8`, `qad-int4`.

For int8 the student is smoothed first, as SmoothQuant has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from asr_core.audio.features import log_mel
from asr_core.engines.decoding import never_text
from asr_core.model import trained
from asr_core.model.growth import is_new, load_bundled, load_grown, unit_table, whisper_tokenizer
from asr_core.model.hybrid import HybridModel
from asr_core.model.precision import Placement, place, training_autocast
from asr_core.quantize.fake import fake_quantize
from asr_core.quantize.placing import FORMS
from asr_core.quantize.smoothquant import chosen_factors, observing, smooth
from asr_core.search.types import SearchOptions
from asr_core.settings import FloatPrecision
from asr_core.training.corpus import SoundCache, Utterance
from asr_core.training.distill import learning, losses, material
from asr_core.training.examples import Batch, Examples
from asr_core.training.loop import Run, Task, best_of
from asr_core.training.losses import IGNORED, Objective, fed_and_wanted
from asr_core.training.recipe import Recipe
from asr_core.training.restore import Write
from asr_core.training.targets import WhisperWriter
from asr_core.training.validate import Report, Validator

_SMOOTHED_BY = 40  # utterances that the factors are chosen by


def distillation(
    manifests: Sequence[Path],
    folder: Path,
    recipe: Recipe,
    device: str = "auto",
    precision: FloatPrecision = "auto",
) -> Run[HybridModel]:
    """A run that makes the bundled model good at the form of the recipe.

    Raises:
        AsrError: a manifest or recording cannot be used, or the folder holds another run.
    """
    tokenizer = whisper_tokenizer()
    where, autocast = training_autocast(device, precision)
    teacher = place(load_bundled(), str(where), "float32")
    writer = WhisperWriter(tokenizer, unit_table(teacher.model.config.ctc_unspaced))
    sounds = SoundCache(folder / "sounds")
    options = SearchOptions(
        eos_id=tokenizer.eos_id,
        length_penalty=1.0,
        suppressed=never_text(tokenizer, teacher.model.config.decoder.vocab_size),
    )
    validator = Validator(sounds, writer, log_mel, options)
    learned, sample = material(manifests, recipe, lambda: _writing(teacher, validator), folder)
    student = load_bundled()
    if recipe.form == "int8":
        by = learned[:: max(1, len(learned) // _SMOOTHED_BY)]
        smooth(student, _factors(folder / "smoothing.safetensors", teacher, validator, by))
    fake_quantize(student, FORMS[recipe.form]).to(where)

    def report(tail: float) -> Report:
        return validator.report(student, sample, tail)

    parts = learning(student, recipe)
    objective = distilling(student, teacher, recipe)
    task = Task(parts, objective, report, student.config.tail)
    examples = Examples(learned, sounds, writer, log_mel, recipe)
    return Run(student, task, examples, recipe, folder, autocast)


def distilling(student: HybridModel, teacher: Placement, recipe: Recipe) -> Objective:
    """That the student's decoder says what the teacher's does, each of what it hears itself."""

    def objective(batch: Batch, alone: bool) -> tuple[Tensor, dict[str, float]]:
        fed, wanted = fed_and_wanted(batch.targets)
        places = wanted != IGNORED
        with torch.no_grad():
            with teacher.autocast():
                expected = _said(teacher.model, batch, fed, places)
            heard = student.encode(batch.features, batch.lengths)
        found = student.decoder.score_places(fed, places, student.decoder.start(*heard))
        return losses(found, expected.to(found.device), wanted[places].to(found.device), recipe)

    return objective


def pack(run: Run[HybridModel], destination: Path) -> str:
    """Write the best weights of a run as a model folder; the SHA-256 of the weights.

    Raises:
        AsrError: no validation of the run was good enough to keep.
    """
    student = run.model.cpu()
    student.load_state_dict(best_of(run.folder)["weights"], strict=False)
    bundled = dict(load_bundled().named_parameters())
    others = {
        name: weight
        for name, weight in student.named_parameters()
        if name in bundled and not torch.equal(weight, bundled[name])
    }
    config = trained.load_config()
    original = dict(load_grown().named_parameters())
    changes = trained.changed_again(trained.load(), others, original, is_new, config.change_share)
    return trained.save(changes, config, destination)


def _said(model: HybridModel, batch: Batch, fed: Tensor, places: Tensor) -> Tensor:
    heard = model.encode(batch.features, batch.lengths)
    return model.decoder.score_places(fed, places, model.decoder.start(*heard))


def _writing(teacher: Placement, validator: Validator) -> Write:
    def write(utterances: Sequence[Utterance]) -> Iterator[tuple[Utterance, str]]:
        tail = teacher.model.config.tail
        with teacher.autocast():
            for u, texts in validator.transcribed(teacher.model, utterances, tail, ["attention"]):
                yield u, texts["attention"]

    return write


def _factors(
    path: Path, teacher: Placement, validator: Validator, utterances: Sequence[Utterance]
) -> dict[str, Tensor]:
    """What SmoothQuant divides by, chosen once for a run."""
    if not path.exists():
        with observing(teacher.model) as observed:
            for _ in _writing(teacher, validator)(utterances):
                pass
        factors, _ = chosen_factors(load_bundled(), observed)
        save_file(factors, path)
    return load_file(path)
