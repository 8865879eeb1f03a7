"""Many channels to one, by energy: whatever is audible in any channel stays audible.

A plain mean silences stereo whose channels are in antiphase, halves a voice that is in one channel
only, and loses one in 64 altogether. Choosing the loudest channel loses the guest while the
interviewer speaks. Here each channel counts by its energy around that moment, turned over if it
runs against the loudest, and the sum is as loud as the loudest channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from asr_core.audio.blocks import regroup

HOPS_PER_SECOND = 10
FAINT = 0.01  # energy relative to the loudest channel at which a channel counts half
MEMORY = 0.95  # share of the past, hop by hop, in the correlation that decides on signs


class Cleaner:
    """Makes samples fit to compute with: finite, and within full scale.

    Numbers that are none become 0 and are counted. Sound stored on another scale (16-bit integers
    kept as floats) is brought to ours by the level of its loudest percent; peaks are clipped.
    """

    def __init__(self) -> None:
        self.n_invalid = 0
        self._level = 0.0

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, C) or (N,) as it was decoded -> the same within -1..1."""
        if not samples.size or max(samples.max(), -samples.min()) <= 1:  # False for NaN
            return samples
        finite = np.isfinite(samples)
        self.n_invalid += int(finite.size - finite.sum())
        samples = np.where(finite, samples, np.float32(0))
        level = float(np.quantile(np.abs(samples), 0.99))
        self._level = max(level, 0.97 * self._level)
        if self._level > 1:
            samples = samples / np.float32(2 * self._level)
        return np.clip(samples, -1, 1)


def mix_down(chunks: Iterable[NDArray[np.float32]], sample_rate: int) -> Iterator[NDArray]:
    """One channel from many, as a stream.

    Weights are set at every boundary between two hops from the energies of both, and change
    linearly in between: no clicks, and a channel that starts to speak is open before it does.

    Args:
        chunks: (N, C) with one C throughout, clean.

    Yields:
        (N,), together as many samples as came in.
    """
    hops = regroup(chunks, max(1, sample_rate // HOPS_PER_SECOND))
    hop = next(hops, None)
    if hop is None:
        return
    if hop.shape[1] == 1:
        yield hop[:, 0]
        yield from (hop[:, 0] for hop in hops)
        return
    balance = _Balance(hop.shape[1])
    covariance = _covariance(hop)
    before = balance.weights(covariance)
    for following in hops:
        coming = _covariance(following)
        after = balance.weights(covariance + coming)
        yield _fade(hop, before, after)
        hop, covariance, before = following, coming, after
    yield _fade(hop, before, balance.weights(covariance))


class _Balance:
    """The weight of every channel, moment by moment."""

    def __init__(self, n_channels: int) -> None:
        self._signs = np.ones(n_channels)
        self._history = np.zeros((n_channels, n_channels))

    def weights(self, covariance: NDArray[np.float64]) -> NDArray[np.float32]:
        """(C, C) covariance around this moment -> (C,) weights."""
        self._turn(covariance)
        energy = covariance.diagonal()
        loudest = energy.max()
        if loudest <= 0:
            return (self._signs / len(energy)).astype(np.float32)
        weights = self._signs * energy / (energy + FAINT * loudest)
        power = weights @ covariance @ weights
        return (weights * np.sqrt(loudest / max(power, FAINT * loudest))).astype(np.float32)

    def _turn(self, covariance: NDArray[np.float64]) -> None:
        """Turn over the channels that run against the loudest one, as signs stand now."""
        self._history = MEMORY * self._history + covariance
        energy = self._history.diagonal()
        loudest = int(energy.argmax())
        scale = np.sqrt(energy * energy[loudest])
        against = self._history[loudest] * self._signs * self._signs[loudest] < -0.5 * scale
        self._signs[against] *= -1


def _covariance(hop: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N, C) -> (C, C), sums over time without the constant part, from some 800 samples."""
    some = hop[:: max(1, len(hop) // 800)].astype(np.float64)
    some -= some.mean(axis=0)
    return some.T @ some


def _fade(hop: NDArray, before: NDArray, after: NDArray) -> NDArray[np.float32]:
    """(N, C) mixed with weights that go from `before` to `after`: (N,)."""
    ramp = (np.arange(len(hop), dtype=np.float32) + np.float32(0.5)) / np.float32(len(hop))
    ends = hop @ np.stack([before, after], axis=1)  # (N, 2)
    return ends[:, 0] + ramp * (ends[:, 1] - ends[:, 0])
