"""The attention decoder: log probabilities of the next token, given the sound and the tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from asr_core.model.attention import MASKED, LayerNorm, sinusoids
from asr_core.model.cache import Cache, side_by_side
from asr_core.model.linear import Activation, Linear, linear
from asr_core.model.memory import Memory
from asr_core.model.subsampling import within

_FEW = 64  # queries an utterance has when its hypotheses advance by a token or so
_SLICE = 2**24  # log probabilities computed at once when only those of given tokens are asked


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """The shape of a decoder; what it stands at is WeNet's and ESPnet's transformer decoder."""

    vocab_size: int
    d_model: int = 512
    n_heads: int = 8
    n_layers: int = 6
    d_ff: int = 2048
    activation: Activation = "relu"
    norm_eps: float = 1e-5
    position: Literal["sinusoid", "learned"] = "sinusoid"
    max_tokens: int | None = None  # "learned" only: rows of the position table
    scale_embedding: bool = True  # by sqrt(d_model)
    key_bias: bool = True
    tied_output: bool = False  # the output layer is the embedding, without bias


class Attention(nn.Module):
    """The four projections of multi-head attention; who attends to what is the caller's."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        d = config.d_model
        self.n_heads = config.n_heads
        self.q = Linear(d, d)
        self.k = Linear(d, d, bias=config.key_bias)
        self.v = Linear(d, d)
        self.o = Linear(d, d)

    def queries(self, x: Tensor) -> Tensor:
        return self._heads(self.q(x))  # (B, H, L, D / H)

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self._heads(self.k(x)), self._heads(self.v(x))

    def keys_values_to_keep(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The same as (B, H, D / H, T'), time last: read at every step, twice as fast that way."""
        k, v = (layer.time_last(x).unflatten(1, (self.n_heads, -1)) for layer in (self.k, self.v))
        return k, v

    def mixed(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend, without the projection `o`: (B, H, L, D / H) queries -> (B, L, D)."""
        return _attended(q, k, v, mask).transpose(1, 2).flatten(2)

    def recalled(self, q: Tensor, memory: Memory, layer: int) -> Tensor:
        """The same with the keys and values of what was heard."""
        parts = memory.parts(layer)
        mixtures = [self.mixed(q[at], k, v, mask) for at, k, v, mask in parts]
        return _joined(mixtures)

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)


class DecoderBlock(nn.Module):
    """Self-attention, cross-attention, feed-forward; each behind a layer norm, each added."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.norm_self = LayerNorm(config.d_model, eps=config.norm_eps)
        self.self_attn = Attention(config)
        self.norm_cross = LayerNorm(config.d_model, eps=config.norm_eps)
        self.cross_attn = Attention(config)
        self.norm_ff = LayerNorm(config.d_model, eps=config.norm_eps)
        self.expand = Linear(config.d_model, config.d_ff)
        self.reduce = Linear(config.d_ff, config.d_model)
        self.activation: Activation = config.activation

    def feed_forward(self, x: Tensor) -> Tensor:
        return x + self.reduce(self.expand.activated(self.norm_ff(x), self.activation))


class AttentionDecoder(nn.Module):
    """A transformer decoder.

    Rows are hypotheses; those of an utterance lie together and share its cross-attention keys and
    values, as queries of one attention.

    Attributes:
        packed: a tied output's weight, as `Linear` has it.
    """

    packed: Tensor | None = None

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = _embedding(config.vocab_size, config.d_model)
        if config.position == "learned":
            self.positions = _embedding(config.max_tokens or 448, config.d_model)
        blocks = nn.ModuleList(DecoderBlock(config) for _ in range(config.n_layers))
        self.blocks = cast("Sequence[DecoderBlock]", blocks)
        self.norm = LayerNorm(config.d_model, eps=config.norm_eps)
        self.out = None if config.tied_output else Linear(config.d_model, config.vocab_size)

    def hear(self, encoder_out: Tensor, lengths: Tensor) -> Memory:
        """What is kept of (B, T', D) encoder states of utterances with (B,) `lengths` frames."""
        encoder_out = encoder_out.to(self.norm.weight.device)
        if encoder_out.shape[1] == 0:  # nothing was heard: one frame that nobody may see
            encoder_out = F.pad(encoder_out, (0, 0, 0, 1))
        inside = within(lengths.to(encoder_out.device), encoder_out.shape[1])
        mask = None
        if inside is not None:
            mask = torch.zeros(inside.shape, device=inside.device)
            mask = mask.masked_fill_(~inside, MASKED)[:, None, None]  # (B, 1, 1, T')
        layers = tuple(block.cross_attn.keys_values_to_keep(encoder_out) for block in self.blocks)
        return Memory(lengths, tuple(range(len(encoder_out))), layers, mask)

    def recall(self, memory: Memory, n_beams: int = 1) -> Cache:
        """An empty cache over what was heard, which many caches may share.

        Args:
            n_beams: rows an utterance has; `Cache.reorder` may change it later.
        """
        return Cache(memory, n_beams)

    def start(self, encoder_out: Tensor, lengths: Tensor, n_beams: int = 1) -> Cache:
        """`hear` and `recall` at once, for who needs what was heard only once."""
        return self.recall(self.hear(encoder_out, lengths), n_beams)

    def step(self, tokens: Tensor, cache: Cache, last_only: bool = False) -> Tensor:
        """Feed new tokens behind those in the cache.

        Args:
            tokens: (R, L), L >= 1.
            last_only: spare the log probabilities after all but the last token of each row.

        Returns:
            (R, L, V) float32 log probabilities of the token after each, or (R, 1, V).

        Raises:
            ValueError: more tokens than the decoder has positions for.
        """
        tokens = tokens.to(self.norm.weight.device)
        n_new = tokens.shape[1]
        x = self._embed(tokens, cache.lengths[:, None] + torch.arange(n_new, device=tokens.device))
        mask = cache.append(n_new)
        for i, block in enumerate(self.blocks):
            y = block.norm_self(x)
            q = cache.by_utterance(block.self_attn.queries(y))
            keys, values = (cache.by_utterance(t) for t in block.self_attn.keys_values(y))
            y = cache.by_row(block.self_attn.mixed(q, *cache.remember(i, keys, values), mask))
            x = x + block.self_attn.o(y)
            q = cache.by_utterance(block.cross_attn.queries(block.norm_cross(x)))
            y = cache.by_row(block.cross_attn.recalled(q, cache.memory, i))
            x = block.feed_forward(x + block.cross_attn.o(y))
        return self._log_probs(x[:, -1:] if last_only else x)

    def score(self, tokens: Tensor, cache: Cache) -> Tensor:
        """Log probabilities after every token of whole rows, in one pass.

        Args:
            tokens: (R, U), from the very first; R a multiple of the cache's utterances. Padding
                on the right changes nothing on its left. What `step` has fed plays no part.

        Returns:
            (R, U, V) float32.
        """
        return self._log_probs(self._states(tokens, cache))

    def score_targets(self, tokens: Tensor, targets: Tensor, cache: Cache) -> Tensor:
        """`score` of given (R, U) next tokens alone: (R, U), without (R, U, V) in memory."""
        states = self._states(tokens, cache)
        targets = targets.to(states.device)
        found = [
            self._log_probs(x).gather(-1, y[:, None])[:, 0]
            for x, y in zip(
                states.flatten(0, 1).split(max(1, _SLICE // self.config.vocab_size)),
                targets.flatten().split(max(1, _SLICE // self.config.vocab_size)),
                strict=True,
            )
        ]
        return torch.cat(found).view(targets.shape)

    def score_places(self, tokens: Tensor, places: Tensor, cache: Cache) -> Tensor:
        """`score` behind the tokens at the n places where (R, U) is true: (n, V)."""
        return self._log_probs(self._states(tokens, cache)[places.to(self.norm.weight.device)])

    def attend(self, tokens: Tensor, cache: Cache, heads: Sequence[tuple[int, int]]) -> Tensor:
        """Where each token looked while the next one was chosen.

        Args:
            heads: (layer, head) pairs.

        Returns:
            (R, len(heads), U, T') float32 cross-attention weights, each row summing to 1.
        """
        found: dict[tuple[int, int], Tensor] = {}
        self._states(tokens, cache, set(heads), found)
        return torch.stack([found[pair] for pair in heads], dim=1)

    def _states(
        self,
        tokens: Tensor,
        cache: Cache,
        heads: set[tuple[int, int]] | None = None,
        found: dict[tuple[int, int], Tensor] | None = None,
    ) -> Tensor:
        """(R, U, D) states of whole rows; with `heads`, stops behind the last layer asked for."""
        tokens = tokens.to(self.norm.weight.device)
        n_rows, n_tokens = tokens.shape
        x = self._embed(tokens, torch.arange(n_tokens, device=tokens.device).expand_as(tokens))
        for i, block in enumerate(self.blocks):
            y = block.norm_self(x)
            q, (k, v) = block.self_attn.queries(y), block.self_attn.keys_values(y)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + block.self_attn.o(y.transpose(1, 2).flatten(2))
            q = block.cross_attn.queries(block.norm_cross(x))
            q = side_by_side(q, len(cache.memory.sounds))
            if heads is not None and found is not None:
                for layer, head in heads:
                    if layer == i:
                        weights = _looked(q, cache.memory, layer, head)
                        found[layer, head] = weights.reshape(n_rows, n_tokens, -1)
                if len(found) == len(heads):
                    return x
            y = block.cross_attn.recalled(q, cache.memory, i).reshape(n_rows, n_tokens, -1)
            x = block.feed_forward(x + block.cross_attn.o(y))
        return x

    def _embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        config = self.config
        x = self.embed(tokens).float()
        if config.scale_embedding:
            x = x * config.d_model**0.5
        if config.position == "sinusoid":
            return x + sinusoids(positions, config.d_model)
        if int(positions.max()) >= self.positions.num_embeddings:
            raise ValueError(
                f"position {int(positions.max())} of {self.positions.num_embeddings} tokens"
            )
        return x + self.positions(positions)

    def _log_probs(self, x: Tensor) -> Tensor:
        x = self.norm(x)
        logits = (
            linear(x, self.embed.weight, None, self.packed) if self.out is None else self.out(x)
        )
        return logits.float().log_softmax(-1)


def _embedding(n_rows: int, d_model: int) -> nn.Embedding:
    """An embedding of uniform numbers: normal ones on the meta device cost seconds of imports."""
    bound = (3 / d_model) ** 0.5
    weight = torch.empty(n_rows, d_model).uniform_(-bound, bound)
    return nn.Embedding.from_pretrained(weight, freeze=False)


def _looked(q: Tensor, memory: Memory, layer: int, head: int) -> Tensor:
    """(B, 1, L, T') weights of one head of cross-attention."""
    one = slice(head, head + 1)
    parts = [_weights(q[at, one], k[:, one], mask) for at, k, _, mask in memory.parts(layer)]
    return _joined(parts)


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _attended(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """(B, H, L, D / H) queries -> (B, H, L, D / H) mixtures of the values."""
    if q.shape[2] > _FEW:
        k, v = k.to(q.dtype).contiguous(), v.to(q.dtype).contiguous()
        mask = None if mask is None else mask.to(q.dtype)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    # The fused kernel is made for many queries and slow for these.
    return _weights(q, k, mask).to(v.dtype) @ v


def _weights(q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
    """(B, H, L, S) attention weights, the softmax in float32."""
    scores = ((q * q.shape[-1] ** -0.5) @ k.mT).float()
    if mask is not None:
        scores = scores + mask
    return scores.softmax(-1)
