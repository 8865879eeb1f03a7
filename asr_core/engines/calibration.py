"""How fast a model is on this computer, told from a moment's work on made-up sound."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.engines.hearing import Ear
from asr_core.model.hybrid import HybridModel
from asr_core.speed import Speed

_SECONDS = 4.0  # of sound: short, since somebody may be about to give a recording
_STEPS = 8  # of the decoder, each with a whole beam
_ENOUGH = 0.5  # seconds of steps on a slow computer


def measured(ear: Ear, model: HybridModel, beam_size: int) -> Speed:
    """Encode a little made-up sound, then take some decoder steps; each once to warm up.

    To be called inside the placement's autocast and `torch.inference_mode`.
    """
    sound = _murmur()
    ear.states([sound])[0].sum().item()  # waits for an accelerator, too
    began = perf_counter()
    states = ear.states([sound])[0][None]  # (1, T', D)
    states.sum().item()
    encoding = (perf_counter() - began) / _SECONDS
    memory = model.decoder.hear(states, torch.tensor([states.shape[1]]))
    cache = model.decoder.recall(memory, beam_size)
    fed = torch.zeros(beam_size, 1, dtype=torch.long)
    model.decoder.step(fed, cache).sum().item()
    began, n_steps = perf_counter(), 0
    while n_steps < _STEPS and (not n_steps or perf_counter() - began < _ENOUGH):
        model.decoder.step(fed, cache).sum().item()
        n_steps += 1
    return Speed(encoding, (perf_counter() - began) / n_steps)


def _murmur() -> NDArray[np.float32]:
    """Noise that swells and falls four times a second, as speech does: (N,), 16 kHz."""
    time = np.arange(round(_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    noise = np.random.default_rng(0).standard_normal(len(time))
    return (0.1 * noise * (1 + np.sin(2 * np.pi * 4 * time))).astype(np.float32)
