"""Made-up sound for the tests of the audio path."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray
from scipy.signal import lfilter

if TYPE_CHECKING:
    from torch import nn

FORMANTS = [(800, 1150, 2900), (300, 2300, 3000), (325, 700, 2700), (450, 1900, 2600)]


def babble(seconds: float, seed: int = 0, rate: int = 16_000) -> NDArray[np.float32]:
    """Nonsense from a made-up throat: vowels with gliding pitch, hisses between. (N,), peak 0.3."""
    rng = np.random.default_rng(seed)
    pieces, n_samples = [], 0
    while n_samples < seconds * rate:
        t = np.arange(int(rate * rng.uniform(0.1, 0.2))) / rate
        pitch = rng.uniform(105, 150) * np.exp(-rng.uniform(-0.3, 0.6) * t)
        vowel = np.diff(np.floor(np.cumsum(pitch) / rate), prepend=0)
        vowel += 0.01 * rng.standard_normal(len(t))
        for formant, width in zip(FORMANTS[rng.integers(4)], (80, 100, 150), strict=True):
            r = np.exp(-np.pi * width / rate)
            poles = [1, -2 * r * np.cos(2 * np.pi * formant / rate), r * r]
            vowel = lfilter([1 - r], poles, vowel)
        hiss = np.diff(rng.standard_normal(int(rate * rng.uniform(0.03, 0.08))), prepend=0)
        pieces += [0.08 * hiss * np.hanning(len(hiss))]
        pieces += [vowel / np.abs(vowel).max() * np.hanning(len(vowel)) ** 0.3]
        n_samples += len(pieces[-1]) + len(hiss)
    return (0.3 * np.concatenate(pieces)[: int(seconds * rate)]).astype(np.float32)


def file_of(samples: NDArray, rate: int, format: str = "WAV", subtype: str | None = None) -> bytes:
    """The bytes of a file written by soundfile; samples (N,) or (N, C)."""
    out = io.BytesIO()
    sf.write(out, samples, rate, format=format, subtype=subtype)
    return out.getvalue()


def media_of(
    samples: NDArray, rate: int, container: str, codec: str, *, late: float = 0.0
) -> bytes:
    """The bytes of a file written by FFmpeg; samples (N,), time stamps starting `late` seconds."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format, "mono", rate, stream.frame_size or None)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            piece.pts = (piece.pts or 0) + round(late * rate)
            file.mux(stream.encode(piece))
        file.mux(stream.encode(None))
    return out.getvalue()


def film_of(n_frames: int = 10) -> bytes:
    """An MP4 with a picture and no sound."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=5, width=64, height=64, pix_fmt="yuv420p")
        for _ in range(n_frames):
            picture = np.zeros((64, 64, 3), np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode(None))
    return out.getvalue()


@pytest.fixture(scope="session", name="babble")
def _babble() -> Callable[..., NDArray[np.float32]]:
    return babble


@pytest.fixture(scope="session", name="file_of")
def _file_of() -> Callable[..., bytes]:
    return file_of


@pytest.fixture(scope="session", name="media_of")
def _media_of() -> Callable[..., bytes]:
    return media_of


@pytest.fixture(scope="session", name="film_of")
def _film_of() -> Callable[..., bytes]:
    return film_of


@pytest.fixture(scope="session")
def may_leave_network():
    """True where a fresh process can leave the network."""
    program = "from asr_core import limits as l; l.leave_network(); print(l.network_left())"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    return run.stdout.strip() == "True"


@pytest.fixture
def randomized() -> Callable[[nn.Module], nn.Module]:
    """Give a model in evaluation mode in which every weight, zero ones too, is random."""

    import torch  # here, since most tests do without

    def fill(model: nn.Module) -> nn.Module:
        random = torch.Generator().manual_seed(1)
        state = {}
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                scale = 0.1 if value.dim() == 1 else value[0].numel() ** -0.5
                noise = scale * torch.randn(value.shape, generator=random)
                offset = 1.0 if name.endswith(("norm.weight", "running_var")) else 0.0
                value = noise.abs() + 0.5 if name.endswith("running_var") else noise + offset
            state[name] = value
        model.load_state_dict(state)
        return model.eval().requires_grad_(False)

    return fill
