"""Distilling a Qwen3-ASR into fewer bits, as the bundled model: its audio encoder and head stay.

Run by the tests with made-up weights alone: they prove the path, not that it helps.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import Qwen3ASRProcessor

from asr_core.audio import SAMPLE_RATE
from asr_core.engines.qwen3_asr.folder import load_folder
from asr_core.engines.qwen3_asr.generation import answers
from asr_core.engines.qwen3_asr.placing import Placed, Placement
from asr_core.engines.qwen3_asr.prompt import LANGUAGES, answer, question
from asr_core.errors import AsrError
from asr_core.model.precision import training_autocast
from asr_core.quantize.fake import fake_quantize_layers
from asr_core.quantize.placing import FORMS
from asr_core.settings import FloatPrecision, Settings
from asr_core.text.score import error_rate
from asr_core.training.corpus import SoundCache, Utterance, group_of
from asr_core.training.distill import learning, losses, material
from asr_core.training.examples import Batch, Examples
from asr_core.training.loop import Run, Task, best_of
from asr_core.training.losses import IGNORED, Objective, fed_and_wanted
from asr_core.training.recipe import Recipe
from asr_core.training.restore import Write
from asr_core.training.targets import Target
from asr_core.training.validate import Report

_WEIGHTS = "model.safetensors"
_TOGETHER = 4  # utterances that are answered at once
_TOKENS_PER_SECOND, _FEWEST_TOKENS = 12.0, 32


class AnswerSpeller:
    """Answers as the model writes them: the language first, which is given, then the text."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def target(self, text: str, language: str, attends: bool = True) -> Target:
        """What `text` asks for; there is no CTC."""
        begun = question(language=language).removeprefix(question())
        prompt, tokens = (self._tokenizer.encode(part) for part in (begun, text))
        return Target(tuple(prompt), (*tokens, self._tokenizer.eos_token_id), ())


def distillation(
    model: Path,
    manifests: Sequence[Path],
    folder: Path,
    recipe: Recipe,
    device: str = "auto",
    precision: FloatPrecision = "auto",
) -> Run[Any]:
    """A run that makes the model of a folder good at the form of the recipe.

    Raises:
        ModelError: the model's folder is not whole, or does not fit into memory.
        AsrError: a manifest or recording cannot be used, or the folder holds another run.
    """
    where, autocast = training_autocast(device, precision)
    placement = Placement(Settings(device=str(where), precision="float32"))
    teacher, processor = load_folder(model, placement)
    student, _ = load_folder(model, placement)
    sounds = SoundCache(folder / "sounds")
    learned, sample = material(
        manifests, recipe, lambda: _writing(teacher, processor, sounds, recipe.tail), folder
    )
    rounded(student.model, recipe)

    def report(tail: float) -> Report:
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for u, text in _writing(student, processor, sounds, tail)(sample):
            found[group_of(u)].append((u.text, text))
        rates = {
            group: error_rate([said for said, _ in rows], [text for _, text in rows])
            for group, rows in sorted(found.items())
        }
        return Report({}, rates, {})

    objective = distilling(student.model, teacher.model, processor, recipe)
    task = Task(learning(student.model, recipe), objective, report, recipe.tail)
    speller = AnswerSpeller(processor.tokenizer)
    examples = Examples(learned, sounds, speller, _as_features, recipe)
    return Run(student.model, task, examples, recipe, folder, autocast)


def rounded(model: Any, recipe: Recipe) -> None:
    """Round the layers of the audio encoder, which stay, and of the language model, which learn.

    Raises:
        AsrError: one of them does not fit the form.
    """
    model.requires_grad_(False)
    forms, parts = FORMS[recipe.form], model.model
    try:
        fake_quantize_layers(parts.audio_tower, forms.encoder, forms.group, learns=False)
        fake_quantize_layers(parts.language_model.layers, forms.decoder, forms.group, learns=True)
    except ValueError:
        raise AsrError(
            f"The layers of this model do not fit {recipe.form}. Choose the preset qad-int8."
        ) from None


def distilling(
    student: Any, teacher: Any, processor: Qwen3ASRProcessor, recipe: Recipe
) -> Objective:
    """That the student says what the teacher does."""

    def objective(batch: Batch, alone: bool) -> tuple[Tensor, dict[str, float]]:
        fed, wanted = fed_and_wanted(batch.targets)
        places = wanted != IGNORED
        asked = _asked(batch, fed, processor, student.device)
        with torch.no_grad(), torch.autocast(student.device.type, enabled=False):
            expected = _log_probs(teacher, asked, places)
        found = _log_probs(student, asked, places)
        return losses(found, expected, wanted[places].to(found.device), recipe)

    return objective


def pack(run: Run[Any], model: Path, destination: Path) -> str:
    """Write the best weights of a run as a model folder; the SHA-256 of the weights.

    Raises:
        AsrError: no validation of the run was good enough to keep.
    """
    placed, processor = load_folder(model, Placement(Settings(device="cpu", precision="float32")))
    placed.model.load_state_dict(best_of(run.folder)["weights"], strict=False)
    placed.model.save_pretrained(destination, max_shard_size="100GB")
    processor.save_pretrained(destination)
    with open(destination / _WEIGHTS, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _as_features(waveform: Tensor) -> Tensor:
    """(1, N) -> (1, N, 1): the model's own processor makes its features of whole batches."""
    return waveform[..., None]


def _asked(
    batch: Batch, fed: Tensor, processor: Qwen3ASRProcessor, device: torch.device
) -> dict[str, Tensor]:
    """The questions, padded on the left, and the answers behind them, padded on the right."""
    waveforms = [
        sound[:n, 0].numpy() for sound, n in zip(batch.features, batch.lengths, strict=True)
    ]
    found = processor(text=[question()] * len(waveforms), audio=waveforms)
    n_fed = torch.tensor([len(t.prompt) + len(t.tokens) - 1 for t in batch.targets])
    is_fed = (torch.arange(fed.shape[1]) < n_fed[:, None]).to(found["attention_mask"].dtype)
    mask = torch.cat([found["attention_mask"], is_fed], dim=1)
    asked = {
        **found,
        "input_ids": torch.cat([found["input_ids"], fed], dim=1),
        "attention_mask": mask,
        "position_ids": (mask.cumsum(-1) - 1).clamp_min(0),
    }
    return {name: value.to(device) for name, value in asked.items()}


def _log_probs(model: Any, asked: dict[str, Tensor], places: Tensor) -> Tensor:
    """(n, V) behind the answers' tokens at the places where (B, U) is true."""
    logits = model(**asked, use_cache=False, logits_to_keep=places.shape[1]).logits
    return logits[places.to(logits.device)].float().log_softmax(-1)


def _writing(
    placed: Placed, processor: Qwen3ASRProcessor, sounds: SoundCache, tail: float
) -> Write:
    silence = np.zeros(round(tail * SAMPLE_RATE), np.float32)

    def write(utterances: Sequence[Utterance]) -> Iterator[tuple[Utterance, str]]:
        for first in range(0, len(utterances), _TOGETHER):
            members = utterances[first : first + _TOGETHER]
            heard = [np.concatenate([sounds.waveform(u), silence]) for u in members]
            named = [u.language if u.language in LANGUAGES else None for u in members]
            asked = processor(text=[question(language=name) for name in named], audio=heard)
            limits = [round(_FEWEST_TOKENS + _TOKENS_PER_SECOND * u.duration) for u in members]
            (*_, rows) = answers(placed, asked.to(placed.device), limits)
            for u, row, name in zip(members, rows, named, strict=True):
                raw = processor.tokenizer.decode(row.tokens, skip_special_tokens=True)
                yield u, answer(raw, name).text

    return write
