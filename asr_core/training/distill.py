"""Quantization-aware distillation: what a model in few bits learns from itself in float.

The student is the model with its weights rounded as few bits will have them; only its decoder's
layers learn, through the rounding. The teacher is the model as it is. Recordings need no text: the
teacher writes it, and says how likely every token was; the student is to say the same.

Source: Hinton et al. 2015, Distilling the Knowledge in a Neural Network, section 2; Liu et al.
2023, LLM-QAT, section 2.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor, nn

from asr_core.errors import AsrError
from asr_core.training.corpus import Utterance, read_corpus, split_by_speaker
from asr_core.training.loop import Part
from asr_core.training.recipe import Recipe
from asr_core.training.restore import Write, kept_texts
from asr_core.training.targets import is_sentence, is_tidy
from asr_core.training.validate import chosen

_SHORTEST = 1.5  # seconds; what is shorter is a word or two
_MOST_VALIDATED = 6  # utterances a group: decoding costs more time than learning


def losses(
    found: Tensor, expected: Tensor, labels: Tensor, recipe: Recipe
) -> tuple[Tensor, dict[str, float]]:
    """What is made small, and its two parts: mean divergence from the teacher, and of labels.

    Args:
        found: (n, V) the student's log probabilities, at the places of the response alone.
        expected: (n, V) the teacher's.
        labels: (n,) the tokens that the teacher wrote.
    """
    divergence = (expected.exp() * (expected - found)).sum(-1).mean()
    labelled = -found.gather(-1, labels[:, None]).mean()
    total = recipe.divergence_weight * divergence + recipe.label_weight * labelled
    return total, {"divergence": float(divergence.detach()), "labels": float(labelled.detach())}


def learning(student: nn.Module, recipe: Recipe) -> list[Part]:
    """The weights of a student that want gradients."""
    weights = {name: w for name, w in student.named_parameters() if w.requires_grad}
    return [Part("decoder", weights, recipe.decoder_rate, 0.0, is_grown=True)]


def material(
    manifests: Sequence[Path], recipe: Recipe, write: Callable[[], Write], folder: Path
) -> tuple[list[Utterance], list[Utterance]]:
    """Utterances to learn from, in the teacher's words, and utterances of others to validate with.

    Args:
        write: makes what writes as the teacher does; not called where that was done before.

    Raises:
        AsrError: there is too little to learn from or to validate with.
    """
    heard, held_back = split_by_speaker(read_corpus(manifests, unlabelled=True), recipe.held_back)
    some = sampled(heard, recipe.labelled, recipe.seed)
    texts = kept_texts(folder / "texts.json", lambda: {u.id: text for u, text in write()(some)})
    written = [replace(u, text=texts.get(u.id, "")) for u in some]
    learned = [u for u in written if is_tidy(u.text) or is_sentence(u.text, u.language)]
    sample = chosen([u for u in held_back or heard if u.text], _MOST_VALIDATED)
    if not learned or not sample:
        raise AsrError(
            "There is too little speech to learn from: it takes sentences of "
            f"{_SHORTEST} seconds and more, and the text of a few to validate with."
        )
    return learned, sample


def sampled(utterances: Iterable[Utterance], most: int, seed: int) -> list[Utterance]:
    """At most so many, about as many of every language and kind of voice; no single words."""
    groups: dict[str, list[Utterance]] = defaultdict(list)
    for u in utterances:
        if u.duration >= _SHORTEST:
            groups[f"{u.language} {u.is_synthetic}"].append(u)
    found: list[Utterance] = []
    for name, members in sorted(groups.items()):
        n = min(len(members), most // len(groups))
        found += random.Random(f"{seed} {name}").sample(members, n)
    return found
