"""The encoder: one Conformer for the grown Whisper and for public checkpoints, by its config."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from asr_core.model.addition import Addition
from asr_core.model.attention import MASKED, LayerNorm, SelfAttention, sinusoids
from asr_core.model.linear import Activation, Linear
from asr_core.model.subsampling import Conv1dSubsampling, Conv2dSubsampling, within


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """The shape of an encoder; what it stands at is the plain Conformer of the literature."""

    n_mels: int = 80
    d_model: int = 512
    n_heads: int = 8
    n_layers: int = 12
    d_ff: int = 2048
    activation: Activation = "swish"
    norm_eps: float = 1e-5
    normalizes_features: bool = False  # global mean and variance are part of the weights
    subsampling: Literal["conv1d_2x", "conv2d_4x"] = "conv2d_4x"
    subsampling_channels: int | None = None  # None: d_model
    right_padding: int = 0  # frames of zeros heard behind the end
    scale_input: bool = True  # by sqrt(d_model), behind the subsampling
    position: Literal["absolute", "abs", "xl"] = "xl"
    max_frames: int | None = None  # "absolute" only: rows of the position table
    relative_span: int = 0  # distances with a learned bias, to either side; 0: none
    ff_scale: float = 0.5  # of the feed-forwards' share in the residual sum
    attention_bias: bool = True
    key_bias: bool = True
    separate_norms: bool = False  # one for each of query, key and value
    conv_kernel: int = 15
    conv_expansion: int = 1
    conv_bias: bool = True
    conv_norm: Literal["batch_norm", "layer_norm"] = "batch_norm"
    causal: bool = False
    block_norm: bool = True  # a layer norm at the end of every block
    final_norm: bool = True


class FeedForward(Addition):
    """LayerNorm, then two linear layers with an activation between."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.norm = LayerNorm(config.d_model, eps=config.norm_eps)
        self.expand = Linear(config.d_model, config.d_ff)
        self.reduce = Linear(config.d_ff, config.d_model)
        self.activation: Activation = config.activation

    def last_layer(self) -> Iterable[Tensor]:
        return self.reduce.weights()

    def forward(self, x: Tensor) -> Tensor:
        return self.reduce(self.expand.activated(self.norm(x), self.activation))


class Convolution(Addition):
    """LayerNorm, pointwise, GLU, depthwise, norm, Swish, pointwise.

    Frames past the end are zeroed before the depthwise convolution, behind the GLU's bias:
    public code forgets that, and its results depend on how much padding a batch has.

    Source: Gulati et al. 2020, section 2.2; causal as in WeNet, whose left context is GLU(bias).
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        d, inner = config.d_model, config.d_model * config.conv_expansion
        self.causal = config.causal
        self.kernel = config.conv_kernel
        self.norm = LayerNorm(d, eps=config.norm_eps)
        self.expand = Linear(d, 2 * inner, bias=config.conv_bias)
        self.depthwise = nn.Conv1d(
            inner, inner, config.conv_kernel, groups=inner, bias=config.conv_bias
        )
        layer_norm = config.conv_norm == "layer_norm"
        self.inner_norm = LayerNorm(inner) if layer_norm else nn.BatchNorm1d(inner)
        self.reduce = Linear(inner, d, bias=config.conv_bias)

    def last_layer(self) -> Iterable[Tensor]:
        return self.reduce.weights()

    def forward(self, x: Tensor, inside: Tensor | None) -> Tensor:
        """(B, T', D) -> the same; `inside` is (B, T') True in the utterance, None: everywhere."""
        x = self.norm(x)
        left = self.kernel - 1 if self.causal else (self.kernel - 1) // 2
        right = self.kernel - 1 - left
        if self.causal:
            x = F.pad(x, (0, 0, left, 0))
        x = F.glu(self.expand(x), dim=-1)
        if inside is not None:
            keep = F.pad(inside, (left, 0), value=True) if self.causal else inside
            x = x * keep[..., None]
        x = self._along_time(x if self.causal else F.pad(x, (0, 0, left, right)))
        if isinstance(self.inner_norm, nn.BatchNorm1d):
            x = self.inner_norm(x.float().mT).mT
        else:
            x = self.inner_norm(x)
        return self.reduce(F.silu(x))

    def _along_time(self, x: Tensor) -> Tensor:
        """(B, T' + kernel - 1, inner) -> (B, T', inner): every channel by its own filter.

        As an image one pixel high: in two dimensions channels may lie last, as they do here.
        """
        layer = self.depthwise
        image = x.mT[:, :, None]
        y = F.conv2d(image, layer.weight[:, :, None], layer.bias, groups=layer.groups)
        return y[:, :, 0].mT


class Block(nn.Module):
    """Feed-forward, self-attention, convolution, feed-forward, each added to its input."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.ff_scale = config.ff_scale
        self.ff1 = FeedForward(config)
        separate = config.separate_norms
        self.norm_attn = (
            nn.Identity() if separate else LayerNorm(config.d_model, eps=config.norm_eps)
        )
        self.attn = SelfAttention(config)
        self.conv = Convolution(config)
        self.ff2 = FeedForward(config)
        self.norm_out = (
            LayerNorm(config.d_model, eps=config.norm_eps) if config.block_norm else nn.Identity()
        )

    def forward(
        self, x: Tensor, inside: Tensor | None, mask: Tensor | None, positions: Tensor | None
    ) -> Tensor:
        # Sums of float32 and 16 bits are slow: what is added becomes float32 first.
        if not self.ff1.silent:
            x = x + self.ff_scale * self.ff1(x).float()
        x = x + self.attn(self.norm_attn(x), mask, positions).float()
        if not self.conv.silent:
            x = x + self.conv(x, inside).float()
        if not self.ff2.silent:
            x = x + self.ff_scale * self.ff2(x).float()
        return self.norm_out(x)


class Conformer(nn.Module):
    """Features -> encoder states. A padded batch gives what its utterances give alone."""

    mean: Tensor
    istd: Tensor
    position_table: Tensor

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        if config.normalizes_features:
            self.register_buffer("mean", torch.zeros(config.n_mels))
            self.register_buffer("istd", torch.ones(config.n_mels))
        stem = Conv1dSubsampling if config.subsampling == "conv1d_2x" else Conv2dSubsampling
        self.subsample = stem(config)
        if config.position == "absolute":
            table = torch.zeros(config.max_frames or 1500, config.d_model)
            self.register_buffer("position_table", table)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = (
            LayerNorm(config.d_model, eps=config.norm_eps) if config.final_norm else nn.Identity()
        )

    @property
    def device(self) -> torch.device:
        """Where its input belongs."""
        return next(self.parameters()).device

    def forward(
        self,
        features: Tensor,
        lengths: Tensor,
        chunk_size: int = 0,
        left_chunks: int = -1,
        states: list[Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Encode a batch.

        Args:
            features: (B, T, F), anything behind the lengths.
            lengths: (B,) frames.
            chunk_size: a frame sees the end of its own chunk of so many encoder frames and no
                further; 0: the whole utterance.
            left_chunks: and so many chunks before its own; -1: all.
            states: takes the output of the subsampling and of every block, for comparisons.

        Returns:
            (B, T', D) float32, zeros behind the end, and (B,) encoder frames. An utterance too
            short for one frame has none.

        Raises:
            ValueError: more frames than the table of positions has.
        """
        config = self.config
        if config.normalizes_features:
            features = (features.float() - self.mean) * self.istd
        out_lengths = self.subsample.lengths(lengths)
        n_frames = int(out_lengths.max()) if len(out_lengths) else 0
        if n_frames == 0:
            return features.new_zeros(len(features), 0, config.d_model), out_lengths
        # In order of frames: a stem may leave time last, and every sum and norm would be slow.
        x = self.subsample(features, lengths)[:, :n_frames].float().contiguous()
        if config.position == "absolute":
            if n_frames > len(self.position_table):
                raise ValueError(f"{n_frames} frames, positions for {len(self.position_table)}")
            x = x + self.position_table[:n_frames]
        inside = within(out_lengths, n_frames)
        mask = _attention_mask(inside, n_frames, chunk_size, left_chunks, x.device)
        positions = self._positions(n_frames, x.device)
        if states is not None:
            states.append(x)
        for block in self.blocks:
            x = block(x, inside, mask, positions)
            if states is not None:
                states.append(x)
        x = self.norm(x)
        return (x if inside is None else x * inside[..., None]), out_lengths

    def _positions(self, n_frames: int, device: torch.device) -> Tensor | None:
        """Sinusoids of the keys' positions, or of the distances T'-1 to 1-T'."""
        if self.config.position == "absolute":
            return None
        first, step = (0, 1) if self.config.position == "abs" else (n_frames - 1, -1)
        last = n_frames if step == 1 else -n_frames
        return sinusoids(torch.arange(first, last, step, device=device), self.config.d_model)


def _attention_mask(
    inside: Tensor | None, n_frames: int, chunk_size: int, left_chunks: int, device: torch.device
) -> Tensor | None:
    """(B or 1, 1, T' or 1, T') 0 where query may see key, else MASKED; None when all may."""
    visible = None if inside is None else inside[:, None, None]
    if chunk_size > 0:
        chunk = torch.arange(n_frames, device=device) // chunk_size
        near = chunk[None] <= chunk[:, None]
        if left_chunks >= 0:
            near = near & (chunk[None] >= chunk[:, None] - left_chunks)
        visible = near[None, None] if visible is None else visible & near
    if visible is None:
        return None
    return torch.zeros(visible.shape, device=device).masked_fill_(~visible, MASKED)
