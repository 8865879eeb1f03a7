"""Self-attention of the encoder, with the ways public Conformers tell positions apart."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from asr_core.model.addition import Addition
from asr_core.model.linear import Linear

if TYPE_CHECKING:
    from asr_core.model.conformer import EncoderConfig

_IN_CACHE = 2**20  # attention scores
MASKED = -1e4  # added to the score of a pair that may not attend; finite in float16 too


class LayerNorm(nn.LayerNorm):
    """Layer normalization in float32, whatever autocast made of its input."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.float())


def sinusoids(positions: Tensor, d_model: int) -> Tensor:
    """(..., D) sines at even, cosines at odd places, of (...) positions, which may be negative.

    Source: Vaswani et al. 2017, section 3.5.
    """
    even = torch.arange(0, d_model, 2, device=positions.device, dtype=torch.float32)
    angles = positions.float()[..., None] * torch.exp(even * (-math.log(10_000) / d_model))
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)


class RelativeBias(Addition):
    """A learned number for every head and distance, added to the attention score.

    Distances beyond `span` share the last number.
    """

    def __init__(self, n_heads: int, span: int) -> None:
        super().__init__()
        self.span = span
        self.weight = nn.Parameter(torch.zeros(n_heads, 2 * span + 1))

    def last_layer(self) -> Iterable[Tensor]:
        return [self.weight]

    def forward(self, n_frames: int) -> Tensor:
        """(H, T, T) bias of query i and key j."""
        at = torch.arange(n_frames, device=self.weight.device)
        distance = (at[None] - at[:, None]).clamp(-self.span, self.span) + self.span
        return self.weight[:, distance]


class SelfAttention(nn.Module):
    """Multi-head self-attention over frames.

    Position styles: "absolute" adds nothing here but a learned relative bias; "abs" (WeNet) and
    "xl" (ESPnet, FireRed) add (q + v) W_p r to the score, r being the sinusoid of the key's
    position or of the distance.

    Source: Dai et al. 2019 (Transformer-XL), section 3.3.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        d, h = config.d_model, config.n_heads
        self.n_heads = h
        self.position = config.position
        self.q = Linear(d, d, bias=config.attention_bias)
        self.k = Linear(d, d, bias=config.attention_bias and config.key_bias)
        self.v = Linear(d, d, bias=config.attention_bias)
        self.o = Linear(d, d, bias=config.attention_bias)
        self.relative_bias = RelativeBias(h, config.relative_span) if config.relative_span else None
        if config.position != "absolute":
            self.pos = Linear(d, d, bias=False)
            self.pos_bias_u = nn.Parameter(torch.zeros(h, d // h))
            self.pos_bias_v = nn.Parameter(torch.zeros(h, d // h))
        if config.separate_norms:  # FireRed normalizes what q, k and v are made of apart
            self.norm_q = LayerNorm(d, eps=config.norm_eps)
            self.norm_k = LayerNorm(d, eps=config.norm_eps)
            self.norm_v = LayerNorm(d, eps=config.norm_eps)
        self.separate_norms = config.separate_norms

    def forward(self, x: Tensor, mask: Tensor | None, positions: Tensor | None) -> Tensor:
        """Mix every frame with those it may see.

        Args:
            x: (B, T', D), normalized already unless the norms are separate.
            mask: (B or 1, 1, T' or 1, T') 0 or MASKED, added to the scores; None: all see all.
            positions: sinusoids of the positions ("abs") or of the distances T'-1 to 1-T' ("xl").
        """
        if self.separate_norms:
            as_q, as_k, as_v = self.norm_q(x), self.norm_k(x), self.norm_v(x)
        else:
            as_q = as_k = as_v = x.to(self.q.dtype)  # once, not three times
        q, k, v = self._heads(self.q(as_q)), self._heads(self.k(as_k)), self._heads(self.v(as_v))
        bias = None
        if positions is not None:
            bias = self._position_scores(q + self.pos_bias_v[:, None].to(q.dtype), positions)
            q = q + self.pos_bias_u[:, None].to(q.dtype)
        elif self.relative_bias is not None and not self.relative_bias.silent:
            bias = self.relative_bias(x.shape[1])[None]
        return self.o(_mixed(q, k, v, bias, mask).transpose(1, 2).flatten(2))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # (B, H, T', D / H)

    def _position_scores(self, q: Tensor, positions: Tensor) -> Tensor:
        """(B, H, T', T') float32 score of every query with the position of every key."""
        n_frames, d_head = q.shape[2:]
        p = self.pos(positions).unflatten(-1, (self.n_heads, -1)).transpose(0, 1)  # (H, P, D / H)
        scores = (q @ p.mT.to(q.dtype)).float() * d_head**-0.5  # (B, H, T', P)
        if self.position == "abs":
            return scores
        # Row i wants columns T'-1-i+j: every row begins one place further left.
        scores = scores.contiguous()
        n_rows, width = scores.shape[:2], scores.shape[3]
        outer = (n_rows[1] * n_frames * width, n_frames * width)
        return scores.as_strided(
            (*n_rows, n_frames, n_frames), (*outer, width - 1, 1), n_frames - 1
        )


def _mixed(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, mask: Tensor | None) -> Tensor:
    """(B, H, T', D / H) mixtures of the values.

    Args:
        bias: (B or 1, H, T', T') and mask: (B or 1, 1, T' or 1, T') are added to the scores.
    """
    is_16_bit_on_cpu = q.device.type == "cpu" and q.dtype == torch.bfloat16
    if is_16_bit_on_cpu and not torch.is_grad_enabled():
        return _mixed_in_turn(q, k, v, bias, mask)
    added = bias if mask is None else mask if bias is None else bias + mask
    return F.scaled_dot_product_attention(
        q, k, v, attn_mask=None if added is None else added.to(q.dtype)
    )


def _mixed_in_turn(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, mask: Tensor | None
) -> Tensor:
    """The same by plain products, so few heads at a time that their scores stay in the cache.

    torch's kernel for 16 bits takes two to three times as long on CPUs without AMX, and wants
    `bias` and `mask` of all utterances in one large tensor.
    """
    q = (q * q.shape[-1] ** -0.5).contiguous()
    k, v = k.contiguous(), v.contiguous()
    mask = None if mask is None else mask.to(q.dtype)  # once, not for every head
    n_heads, n_frames = q.shape[1:3]
    n_at_once = max(1, _IN_CACHE // n_frames**2)
    mixed = torch.empty_like(q)
    for b in range(len(q)):
        for first in range(0, n_heads, n_at_once):
            at = slice(first, first + n_at_once)
            scores = _scores(
                q[b, at],
                k[b, at],
                None if bias is None else bias[b % len(bias), at],
                None if mask is None else mask[b % len(mask)],
            )
            mixed[b, at] = scores.softmax(-1).to(v.dtype) @ v[b, at]
    return mixed


def _scores(q: Tensor, k: Tensor, bias: Tensor | None, mask: Tensor | None) -> Tensor:
    """(h, T', T') of some heads of one utterance, with what is added to them.

    In 16 bits, as the product is rounded, where only the mask is added; a bias is in float32.
    """
    if bias is not None:
        scores = (q @ k.mT).float().add_(bias)
        return scores if mask is None else scores.add_(mask)
    return q @ k.mT if mask is None else torch.baddbmm(mask, q, k.mT)
