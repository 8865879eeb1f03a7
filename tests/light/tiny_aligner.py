"""A tiny Qwen3-ForcedAligner in the GGUF form that CrispASR reads: made up, it hears nothing.

It has the keys and tensors of the real ones. Its decoder is wired to count: at each mark behind a
word it says how many tokens there were since the sound, marks included. So its times show what the
library asked it, to the token. What it hears goes through an encoder of
random weights, and comes out as zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tiny_gguf
from numpy.typing import NDArray

STEP_S = 0.08  # of the clock that it counts in

_BYTES = tiny_gguf.TOKENS[:256]  # each a token
_START, _END, _PAD = range(256, 259)
_MARK = 151_705  # written into CrispASR's code: the file must have as many tokens
_D, _HEADS, _FFN, _CHANNELS, _MELS = 16, 2, 32, 8, 128
_FRAME, _BINS = 400, 201
_COUNTED = 300  # as far as it counts
_TEXT, _BEGUN, _SHARE, _ONE = range(4)  # which part of a state says what


def write_aligner(file: Path, **changed: Any) -> Path:
    """Write one; `changed` takes the place of metadata or weights, None takes them out.

    Args:
        changed: by their names, with "__" for ".".
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    given = {name.replace("__", "."): value for name, value in changed.items()}
    parts = []
    for part in (_metadata(), _weights()):
        merged = part | {name: value for name, value in given.items() if name in part}
        parts.append({name: value for name, value in merged.items() if value is not None})
    tiny_gguf.write_gguf(file, *parts)
    return file


def counted(words: Sequence[str]) -> list[tuple[float, float]]:
    """Its times of these words: a token a byte, then two marks."""
    found, n = [], 0
    for word in words:
        n += len(word.encode())
        found.append(((n + 1) * STEP_S, (n + 2) * STEP_S))
        n += 2
    return found


def _metadata() -> dict[str, Any]:
    audio = {
        "n_layers": 1,
        "d_model": _D,
        "n_heads": _HEADS,
        "head_dim": _D // _HEADS,
        "ff_dim": _FFN,
        "conv_channels": _CHANNELS,
        "proj_dim": _D,
        "max_source_pos": 1500,
    }
    decoder = {
        "n_layers": 1,
        "d_model": _D,
        "n_heads": 1,
        "n_kv_heads": 1,
        "head_dim": _D,
        "ff_dim": _D,
        "rope_theta": 1e6,
        "rms_norm_eps": 1e-6,
        "vocab_size": _MARK + 1,
        "max_pos": 4096,
    }
    frontend = {
        "sample_rate": 16000,
        "n_mels": _MELS,
        "n_fft": _FRAME,
        "win_length": _FRAME,
        "hop_length": 160,
    }
    return {
        "general.architecture": "qwen3asr",
        **{f"qwen3asr.{key}": value for key, value in frontend.items()},
        **{f"qwen3asr.audio.{key}": value for key, value in audio.items()},
        **{f"qwen3asr.llm.{key}": value for key, value in decoder.items()},
        "qwen3asr.audio_start_token_id": _START,
        "qwen3asr.audio_end_token_id": _END,
        "qwen3asr.audio_pad_token_id": _PAD,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": [*_BYTES, "<|audio_start|>", "<|audio_end|>", "<|audio_pad|>"],
    }


def _weights() -> dict[str, NDArray[np.float32]]:
    """As CrispASR names them, rows before columns."""
    random = np.random.default_rng(0)

    def some(*shape: int) -> NDArray[np.float32]:
        return (0.02 * random.standard_normal(shape)).astype(np.float32)

    def linear(name: str, n_in: int, n_out: int) -> dict[str, NDArray[np.float32]]:
        return {f"{name}.weight": some(n_out, n_in), f"{name}.bias": some(n_out)}

    def norm(name: str) -> dict[str, NDArray[np.float32]]:
        return {f"{name}.weight": np.ones(_D, np.float32), f"{name}.bias": np.zeros(_D, np.float32)}

    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME)
    found = {
        "audio.mel_filters": np.abs(some(_BINS, _MELS)),
        "audio.mel_window": window.astype(np.float32),
        "audio.conv_out.weight": some(_D, _CHANNELS * _MELS // 8),
    }
    for i, channels in enumerate((1, _CHANNELS, _CHANNELS), start=1):
        found[f"audio.conv.{i}.weight"] = some(_CHANNELS, channels, 3, 3)
        found[f"audio.conv.{i}.bias"] = some(_CHANNELS)
    block = "audio.blk.0."
    for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
        found |= linear(block + part, _D, _D)
    found |= linear(block + "ffn_up", _D, _FFN) | linear(block + "ffn_down", _FFN, _D)
    found |= norm(block + "attn_norm") | norm(block + "ffn_norm") | norm("audio.ln_post")
    found |= linear("audio.proj1", _D, _D)
    found["audio.proj2.weight"] = np.zeros((_D, _D), np.float32)
    found["audio.proj2.bias"] = np.zeros(_D, np.float32)
    return found | _decoder()


def _decoder() -> dict[str, NDArray[np.float32]]:
    """One layer whose attention looks at all tokens alike.

    At the token after t others, n of them text, it finds n / t and, as the end of the sound was
    there once, 1 / t. Of all k the head has 2 k n / t - k k / t, which is highest for n.
    """
    ones, zeros = np.ones(_D, np.float32), np.zeros((_D, _D), np.float32)
    embedding = np.zeros((_MARK + 1, _D), np.float32)
    embedding[[*range(256), _MARK], _TEXT] = 1
    embedding[_END, _BEGUN] = 1
    value, out = zeros.copy(), zeros.copy()
    value[0, _TEXT] = value[1, _BEGUN] = _D**-0.5  # of what a norm leaves
    out[_SHARE, 0] = out[_ONE, 1] = 1
    counts = np.arange(_COUNTED, dtype=np.float32)
    head = np.zeros((_COUNTED, _D), np.float32)
    head[:, _SHARE], head[:, _ONE] = 2 * counts, -(counts**2)
    block = "blk.0."
    return {
        "token_embd.weight": embedding,
        "output_norm.weight": ones,
        "output.weight": head,
        block + "attn_norm.weight": ones,
        block + "attn_q.weight": zeros,
        block + "attn_k.weight": zeros,
        block + "attn_v.weight": value,
        block + "attn_output.weight": out,
        block + "attn_q_norm.weight": ones,
        block + "attn_k_norm.weight": ones,
        block + "ffn_norm.weight": ones,
        block + "ffn_gate.weight": zeros,
        block + "ffn_up.weight": zeros,
        block + "ffn_down.weight": zeros,
    }
