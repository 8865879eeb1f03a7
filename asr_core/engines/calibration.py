"""How fast a model is on this computer, told from a moment's work on made-up sound."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.engines.hearing import Ear
from asr_core.model.hybrid import HybridModel
from asr_core.model.linear import fastest
from asr_core.speed import Speed

_SECONDS = 12.0  # the usual window
_STEPS = 8  # of the decoder, each with a whole beam
_ROUNDS = 2


def measured(ear: Ear, model: HybridModel, beam_size: int) -> Speed:
    """Encode a window of made-up sound and take some decoder steps, each the best of two rounds.

    To be called inside the placement's autocast and `torch.inference_mode`.
    """
    sound = _murmur()
    states = ear.states([sound])[0][None]  # (1, T', D); the first time is slower than all others
    lengths = torch.tensor([states.shape[1]])
    memory = model.decoder.hear(states, lengths)
    fed = torch.zeros(beam_size, 1, dtype=torch.long)

    def steps() -> None:
        cache = model.decoder.recall(memory, beam_size)
        for _ in range(_STEPS):
            model.decoder.step(fed, cache).argmax().item()  # waits for an accelerator, too

    return Speed(
        fastest(lambda: ear.states([sound])[0].sum().item(), _ROUNDS) / _SECONDS,
        fastest(steps, _ROUNDS) / _STEPS,
    )


def _murmur() -> NDArray[np.float32]:
    """Noise that swells and falls four times a second, as speech does: (N,), 16 kHz."""
    time = np.arange(round(_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    noise = np.random.default_rng(0).standard_normal(len(time))
    return (0.1 * noise * (1 + np.sin(2 * np.pi * 4 * time))).astype(np.float32)
