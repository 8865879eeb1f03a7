"""How fast a model is on this computer, told from a moment's work on made-up sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from asr_core.audio import SAMPLE_RATE
from asr_core.model.hybrid import HybridModel
from asr_core.model.linear import fastest
from asr_core.speed import Speed

_SECONDS = 4.0  # of sound: short, since somebody may be about to give a recording
_HEARINGS, _STEPS = 2, 6  # measured, behind one to warm up; the quickest counts


States = Callable[[Sequence[NDArray[np.float32]]], list[Tensor]]  # waveforms -> (T', D) each


def measured(states_of: States, model: HybridModel, beam_size: int) -> Speed:
    """Encode a little made-up sound, then take some decoder steps, each with a whole beam.

    To be called inside the placement's autocast and `torch.inference_mode`. Sums are asked for
    because they wait for an accelerator, too.
    """
    sound = _murmur()
    states = states_of([sound])[0][None]  # (1, T', D)
    hearing = fastest(lambda: states_of([sound])[0].sum().item(), _HEARINGS)
    memory = model.decoder.hear(states, torch.tensor([states.shape[1]]))
    cache = model.decoder.recall(memory, beam_size)
    fed = torch.zeros(beam_size, 1, dtype=torch.long)
    model.decoder.step(fed, cache).sum().item()
    step = fastest(lambda: model.decoder.step(fed, cache).sum().item(), _STEPS)
    return Speed(hearing / _SECONDS, step)


def _murmur() -> NDArray[np.float32]:
    """Noise that swells and falls four times a second, as speech does: (N,), 16 kHz."""
    time = np.arange(round(_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    noise = np.random.default_rng(0).standard_normal(len(time))
    return (0.1 * noise * (1 + np.sin(2 * np.pi * 4 * time))).astype(np.float32)
