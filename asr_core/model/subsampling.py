"""The stem of the encoder: (B, T, F) features -> (B, T', D), two or four times fewer frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from asr_core.model.linear import Linear

if TYPE_CHECKING:
    from asr_core.model.conformer import EncoderConfig


def within(lengths: Tensor, n_frames: int) -> Tensor | None:
    """(B, n_frames) True where a frame belongs to its utterance; None when all of them do."""
    if bool((lengths >= n_frames).all()):
        return None
    return torch.arange(n_frames, device=lengths.device) < lengths[:, None]


class Conv1dSubsampling(nn.Module):
    """Whisper's stem: two convolutions over time, the second with stride 2."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(config.n_mels, config.d_model, 3, padding=1)
        self.conv2 = nn.Conv1d(config.d_model, config.d_model, 3, stride=2, padding=1)

    def lengths(self, lengths: Tensor) -> Tensor:
        return (lengths + 1) // 2

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        mask = within(lengths, features.shape[1])
        x = features.mT  # (B, F, T)
        if mask is not None:
            x = x * mask[:, None]
        x = F.gelu(self.conv1(x))
        if mask is not None:  # frames past the end would reach the last one through conv2
            x = x * mask[:, None]
        return F.gelu(self.conv2(x)).mT


class Conv2dSubsampling(nn.Module):
    """Two 3x3 convolutions with stride 2 over time and mel, then a projection.

    Frame t' sees inputs 4t' to 4t' + 6, so padding behind an utterance never reaches it.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        channels = config.subsampling_channels or config.d_model
        self.lookahead = config.right_padding  # FireRed hears 6 frames of zeros at the end
        self.scale = config.d_model**0.5 if config.scale_input else 1.0
        self.conv1 = nn.Conv2d(1, channels, 3, stride=2)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=2)
        self.out = Linear(channels * (((config.n_mels - 1) // 2 - 1) // 2), config.d_model)

    def lengths(self, lengths: Tensor) -> Tensor:
        lengths = lengths + self.lookahead * (lengths > 0)
        return (((lengths - 1) // 2 - 1) // 2).clamp_min(0)

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        if self.lookahead:
            mask = within(lengths, features.shape[1])
            features = features if mask is None else features * mask[..., None]
            features = F.pad(features, (0, 0, 0, self.lookahead))
        if features.shape[1] < 7:
            return features.new_zeros(len(features), 0, self.out.out_features)
        x = F.relu(self.conv1(features[:, None]))  # (B, C, T / 2, F / 2)
        x = F.relu(self.conv2(x))  # (B, C, T', F')
        return self.out(x.transpose(1, 2).flatten(2)) * self.scale
