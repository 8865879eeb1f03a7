"""Everything a training run is told, and the presets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Begin = Literal["whisper", "bundled"]

_SHARES = {
    "zh-real": 0.13,
    "zh-real-words": 0.05,
    "zh-synthetic": 0.17,
    "zh-synthetic-words": 0.01,
    "en-real": 0.36,
    "en-real-words": 0.03,
    "en-synthetic": 0.04,
    "en-synthetic-words": 0.0,
    "mixed-synthetic": 0.17,
    "mixed-synthetic-words": 0.0,
    "mixed-real": 0.1,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training run.

    Attributes:
        steps: optimizer steps in all.
        head_steps: of these, the first ones, which train the new heads on frozen encoder states.
        bias_steps: the next ones, in which the relative bias of self-attention learns as well. Not
            by default: its gradient costs as much time as all others, in 400 steps it stayed below
            0.02, and where it is zero recognition takes a third less time.
        batch_seconds: sound a batch has on average.
        accumulate: batches a step.
        ctc_weight, attention_weight, language_weight: of the three losses.
        attention_share: of the examples of a batch that the attention decoder is asked, which is
            dear; another part every time.
        new_rate: highest learning rate of new parts (convolution, CTC, language).
        encoder_rate, decoder_rate: of the parts grown from Whisper; 0 freezes them.
        head_rate: of the heads while they train alone.
        warmup: steps in which the rate rises, after `head_steps`.
        pull: how strongly grown parts are drawn back to the original, decoupled.
        weight_decay: of new parts.
        average: decay a step of the running average of the weights, which is what is kept.
        shares: of the examples, by group.
        join_share: of the examples that are several utterances one behind the other.
        usual, longest: seconds such an example may have; slowed down and with pauses the longest
            must still fit into the 30 s that the encoder has positions for.
        tail: most seconds of silence behind an example.
        augmentation: strength, 0..1.
        other_prompt: share of mixed examples whose prompt names the other language.
        held_back: share of the speakers kept for validation.
        validate_every, save_every: steps.
        form: what quantization-aware distillation makes a model good at; "float" is no such run.
        divergence_weight, label_weight: of its two losses.
        labelled: most utterances that its teacher writes down to learn from.
    """

    steps: int = 6000
    head_steps: int = 200
    bias_steps: int = 0
    batch_seconds: float = 80.0
    accumulate: int = 1
    ctc_weight: float = 0.7
    attention_weight: float = 0.3
    language_weight: float = 0.1
    attention_share: float = 0.5
    new_rate: float = 4e-4
    encoder_rate: float = 8e-5
    decoder_rate: float = 1e-5
    head_rate: float = 1e-3
    warmup: int = 300
    pull: float = 0.5
    weight_decay: float = 0.01
    average: float = 0.998
    shares: dict[str, float] = field(default_factory=lambda: dict(_SHARES))
    join_share: float = 0.35
    usual: float = 12.0
    longest: float = 22.0
    tail: float = 1.0
    augmentation: float = 1.0
    other_prompt: float = 0.2
    held_back: float = 0.06
    validate_every: int = 1000
    save_every: int = 200
    seed: int = 1
    form: Literal["float", "int8", "int4"] = "float"
    divergence_weight: float = 1.0
    label_weight: float = 0.05
    labelled: int = 1200


_DISTILLED = Recipe(
    steps=300,
    head_steps=0,
    batch_seconds=30.0,
    new_rate=0.0,
    encoder_rate=0.0,
    decoder_rate=1e-5,  # at 5e-5 the divergence grows
    warmup=20,
    pull=0.0,
    average=0.98,
    join_share=0.0,  # of joined utterances the teacher would write something else
    augmentation=0.0,
    other_prompt=0.0,
    validate_every=100,
    save_every=20,
)
PRESETS = {
    "base": Recipe(),
    "plain": Recipe(
        steps=100_000,
        head_steps=0,
        language_weight=0.05,
        attention_share=1.0,
        new_rate=1e-4,  # residuals are not scaled: at 2e-4 it may learn nothing, see docs
        warmup=4000,
        tail=0.3,
    ),
    "smoke": Recipe(
        steps=12,
        head_steps=4,
        batch_seconds=8.0,
        warmup=2,
        usual=6.0,
        longest=8.0,
        validate_every=12,
        save_every=4,
    ),
    "qad-int8": replace(_DISTILLED, form="int8"),
    "qad-int4": replace(_DISTILLED, form="int4"),
}

PRESET_NAMES = tuple(PRESETS)
