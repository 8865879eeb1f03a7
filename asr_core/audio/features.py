"""Waveform -> log-mel features: Whisper's, and Kaldi's and ESPnet's for public Conformers."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

SAMPLE_RATE = 16_000
HOP = 160  # samples between two frames, 10 ms
FRAME_RATE = SAMPLE_RATE / HOP  # frames per second

_N_FFT = 400
_PREEMPHASIS = 0.97
_LOW_HZ = 20.0  # Kaldi's lowest filter begins here
_FLOOR = torch.finfo(torch.float32).eps  # Kaldi's least energy

Window = Literal["povey", "hamming"]


def log_mel(waveforms: Tensor) -> Tensor:
    """Whisper's log-mel spectrogram, scaled to its loudest band within each utterance.

    Args:
        waveforms: (B, N) float32, 16 kHz, within about [-1, 1].

    Returns:
        (B, N // 160, 80) float32.

    Source: Radford et al. 2022, section 2.2, and the reference code for the scaling.
    """
    n_frames = waveforms.shape[-1] // HOP
    if n_frames == 0:
        return waveforms.new_zeros(len(waveforms), 0, 80)
    waveforms = waveforms.float()
    if waveforms.shape[-1] <= _N_FFT // 2:  # too short to mirror its ends
        waveforms = F.pad(waveforms, (0, _N_FFT // 2 + 1 - waveforms.shape[-1]))
    window = torch.hann_window(_N_FFT, device=waveforms.device)
    spectrum = torch.stft(waveforms, _N_FFT, HOP, window=window, return_complex=True)
    power = torch.view_as_real(spectrum[..., :n_frames]).square().sum(-1)  # (B, 201, T)
    mel = power.transpose(1, 2) @ _slaney_bank(_N_FFT, 80).to(waveforms.device)  # (B, T, 80)
    log = mel.clamp_min_(1e-10).log10_()
    log = torch.maximum(log, log.amax(dim=(1, 2), keepdim=True) - 8.0)
    return log.add_(4.0).div_(4.0)


def kaldi_fbank(
    waveform: Tensor,
    n_mels: int = 80,
    sample_rate: int = SAMPLE_RATE,
    window: Window = "povey",
    snip_edges: bool = True,
) -> Tensor:
    """Kaldi's log-mel filter bank, without dither.

    Args:
        waveform: (..., N) float32 within about [-1, 1].
        window: shape of the 25 ms window.
        snip_edges: only frames that lie inside; else N / hop of them, over mirrored ends.

    Returns:
        (..., T, n_mels) float32; T is 0 when there is less than one window of sound.

    Source: Povey et al. 2011, and kaldi-native-fbank for the details.
    """
    size, hop = sample_rate // 40, sample_rate // 100
    samples = waveform.float() * 32768.0
    n = samples.shape[-1]
    if not snip_edges and n:
        samples = _mirror(samples, size, hop)
    if samples.shape[-1] < size:
        return samples.new_zeros(*samples.shape[:-1], 0, n_mels)
    frames = samples.unfold(-1, size, hop)  # (..., T, size)
    frames = frames - frames.mean(-1, keepdim=True)
    before = torch.cat([frames[..., :1], frames[..., :-1]], dim=-1)
    frames = (frames - _PREEMPHASIS * before) * _window(window, size).to(frames.device)
    n_fft = 1 << (size - 1).bit_length()
    spectrum = torch.fft.rfft(frames, n_fft)[..., : n_fft // 2]  # the Nyquist bin is not used
    power = torch.view_as_real(spectrum).square().sum(-1)
    mel = power @ _kaldi_bank(sample_rate, n_fft, n_mels).to(power.device)
    return mel.clamp_min_(_FLOOR).log_()


def stft_log_mel(
    waveform: Tensor, n_mels: int = 80, n_fft: int = 512, window: int = 512, hop: int = 128
) -> Tensor:
    """ESPnet's log-mel spectrogram, of frames centered on every `hop` samples.

    Args:
        waveform: (B, N) float32, 16 kHz, within about [-1, 1].
        window: samples of the Hann window, at most n_fft.

    Returns:
        (B, 1 + N // hop, n_mels) float32; no frames of no sound.

    Source: ESPnet's default front end; what it is silent about is as in its settings.
    """
    n = waveform.shape[-1]
    if n == 0:
        return waveform.new_zeros(len(waveform), 0, n_mels)
    if n <= n_fft // 2:  # too short to mirror its ends
        waveform = F.pad(waveform, (0, n_fft // 2 + 1 - n))
    hann = torch.hann_window(window, device=waveform.device)
    spectrum = torch.stft(waveform.float(), n_fft, hop, window, hann, return_complex=True)
    power = torch.view_as_real(spectrum[..., : 1 + n // hop]).square().sum(-1)  # (B, bins, T)
    mel = power.transpose(1, 2) @ _slaney_bank(n_fft, n_mels).to(power.device)
    return mel.clamp_min_(1e-10).log_()


def _mirror(samples: Tensor, size: int, hop: int) -> Tensor:
    """`samples` continued by reflection so that round(N / hop) frames are centered on it."""
    n = samples.shape[-1]
    n_frames = (n + hop // 2) // hop
    first = hop // 2 - size // 2
    at = torch.arange(first, first + (n_frames - 1) * hop + size, device=samples.device)
    at = at.remainder(2 * n)  # period of a signal mirrored at both ends
    return samples[..., torch.minimum(at, 2 * n - 1 - at)]


@lru_cache(maxsize=4)
def _slaney_bank(n_fft: int, n_mels: int) -> Tensor:
    """(n_fft / 2 + 1, n_mels) triangular filters, equal area, on Slaney's mel scale."""
    from librosa.filters import mel  # only here: importing librosa is slow

    bank = mel(sr=SAMPLE_RATE, n_fft=n_fft, n_mels=n_mels)
    return torch.from_numpy(bank).T.contiguous()


@lru_cache(maxsize=4)
def _window(shape: Window, size: int) -> Tensor:
    if shape == "hamming":
        return torch.hamming_window(size, periodic=False)
    return torch.hann_window(size, periodic=False, dtype=torch.float64).pow(0.85).float()


@lru_cache(maxsize=4)
def _kaldi_bank(sample_rate: int, n_fft: int, n_mels: int) -> Tensor:
    """(n_fft / 2, n_mels) triangles on Kaldi's mel scale, 20 Hz to half the sample rate."""
    hertz = torch.arange(n_fft // 2, dtype=torch.float64) * (sample_rate / n_fft)
    bins = _mel(hertz)[:, None]
    low, high = _mel(torch.tensor([_LOW_HZ, sample_rate / 2], dtype=torch.float64)).tolist()
    points = torch.linspace(low, high, n_mels + 2, dtype=torch.float64)
    rising = (bins - points[:-2]) / (points[1:-1] - points[:-2])
    falling = (points[2:] - bins) / (points[2:] - points[1:-1])
    return torch.minimum(rising, falling).clamp_min(0.0).float()


def _mel(hertz: Tensor) -> Tensor:
    return 1127.0 * torch.log1p(hertz / 700.0)
