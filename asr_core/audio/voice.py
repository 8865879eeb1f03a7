"""How likely somebody speaks, every 32 ms: Silero's network, run as a stream.

The silero-vad package brings the weights and a form of the network that takes a sequence of frames
and its own state; importing the package would import torch, so only its file is used.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from asr_core.audio.blocks import regroup
from asr_core.errors import ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

SHA256 = "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85"  # of the network

FRAME = 512  # samples at 16 kHz
BATCH = 32  # frames a call: one second; fixed, so that results do not depend on the caller's blocks
CONTEXT = 64  # samples of the frame before that the network wants to see

TARGET = 0.03  # root mean square to which quiet recordings are raised: about -30 dB
MAX_GAIN = 100.0
FADE = 0.9  # of the level, per second without anything as loud
NOTHING = 1e-5  # peak below which there is no sound at all: -100 dB


def speech_probabilities(
    blocks: Iterable[NDArray[np.float32]],
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """The sound again, with the probability of speech in each of its frames.

    Args:
        blocks: (N,) at 16 kHz, of any lengths.

    Yields:
        (samples, probabilities): up to `BATCH * FRAME` samples and one value for every `FRAME` of
        them begun. Only the last pair may be shorter.
    """
    session, gain = _session(), _Gain()
    memory = cell = np.zeros((1, 1, 128), np.float32)
    context = np.zeros(CONTEXT, np.float32)
    for samples in regroup(blocks, BATCH * FRAME):
        n_frames = -(-len(samples) // FRAME)
        if np.abs(samples).max() < NOTHING:
            memory = cell = np.zeros_like(memory)
            context = np.zeros_like(context)
            yield samples, np.zeros(n_frames, np.float32)
            continue
        sound = np.zeros(CONTEXT + n_frames * FRAME, np.float32)
        sound[:CONTEXT] = context
        sound[CONTEXT : CONTEXT + len(samples)] = gain(samples)
        context = sound[-CONTEXT:]
        frames = sliding_window_view(sound, CONTEXT + FRAME)[::FRAME]
        probabilities, memory, cell = session.run(
            ["speech_probs", "hn", "cn"],
            {"input": np.ascontiguousarray(frames), "h": memory, "c": cell},
        )
        yield samples, np.asarray(probabilities).reshape(n_frames)


class _Gain:
    """Raises quiet recordings, for the network's ears only.

    Follows a louder sound at once and forgets it slowly, so that a pause is not raised to the
    level of speech while the speaker breathes.
    """

    def __init__(self) -> None:
        self._level = 0.0

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        sound = samples - samples.mean()
        self._level = max(float(np.sqrt(np.mean(sound**2))), FADE * self._level)
        gain = min(max(TARGET / max(self._level, 1e-9), 1.0), MAX_GAIN)
        return np.clip(sound * np.float32(gain), -1, 1)


@cache
def _session() -> InferenceSession:
    """The network, loaded once a process, on one thread."""
    # onnxruntime reports to its maker unless told not to before it is imported. Our own programs
    # are told by privacy/guard.py; whoever imports this package has not come that way.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    package = importlib.util.find_spec("silero_vad")
    if package is None or package.origin is None:
        raise ModelError("The package silero-vad is missing. Run the launcher again to install it.")
    weights = Path(package.origin).parent / "data" / "silero_vad_16k_sequence.onnx"
    if not weights.is_file():
        raise ModelError(f"{weights.name} is missing from silero-vad. Run the launcher again.")
    network = weights.read_bytes()
    if hashlib.sha256(network).hexdigest() != SHA256:
        raise ModelError(f"{weights.name} is not that of silero-vad 6.2.3. Run the launcher again.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        network, sess_options=options, providers=["CPUExecutionProvider"]
    )
