"""A tiny Qwen3-ASR in the GGUF form that transcribe.cpp reads: made up, it recognizes nothing.

It has the keys and tensors of the real ones. What it hears goes through an encoder of random
weights and into the prompt, where it makes no difference: the decoder is wired to say what a table
has behind the last token. Its embedding is a row of the identity a token, which is also the head,
and its one layer adds to each token the one behind it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BYTES = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]  # written as themselves
_OTHERS = [chr(0x100 + i) for i in range(256 - len(_BYTES))]
_SPOKEN = ["language", "ĠEnglish", "ĠChinese", "Hello", "Ġworld", "system", "user", "assistant"]
_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
_AUDIO = ["<|audio_start|>", "<|audio_end|>", "<|audio_pad|>"]
MANY_BANGS = "!" * 24  # in one token
TOKENS = [*map(chr, _BYTES), *_OTHERS, *_SPOKEN, MANY_BANGS, *_SPECIAL, *_AUDIO, "<asr_text>"]
LETTERS = [chr(code) for code in range(ord('"'), ord("~") + 1)]

# Behind each token, where it chooses the language; the template ends in a line break.
FREE = {
    "Ċ": "language",
    "language": "ĠEnglish",
    "ĠEnglish": "<asr_text>",
    "<asr_text>": "Hello",
    "Hello": "Ġworld",
    "Ġworld": "<|im_end|>",
}
BANGS = {**FREE, "<asr_text>": "!", "!": "!"}
BANGS_THAT_END = {**FREE, "Hello": MANY_BANGS, MANY_BANGS: "<|im_end|>"}
ENDLESS = {
    **FREE,
    **dict(zip(LETTERS, [*LETTERS[1:], LETTERS[0]], strict=True)),
    "Hello": LETTERS[0],
}

_FLOAT32, _Q8_0 = 0, 7  # of "general.file_type"
_HIDDEN = -(-len(TOKENS) // 32) * 32
_D, _FFN, _CHANNELS, _MELS = 16, 32, 8, 128
_HEADS, _HEAD_DIM = 2, 16
_ALIGNED = 32


def write_qwen(
    file: Path, behind: Mapping[str, str] = FREE, languages: tuple[str, ...] = ("zh", "en")
) -> Path:
    """Write one that says what `behind` has behind the last token, whatever it hears.

    Args:
        languages: that it can be told to write; none of that is said where there are none.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    write_gguf(file, _metadata(languages), _weights(behind))
    return file


def write_gguf(
    file: Path, metadata: Mapping[str, Any], weights: Mapping[str, NDArray[np.float32]]
) -> None:
    """Write a GGUF file, version 3, all its weights in float32."""
    head, data = b"", b""
    for name, value in metadata.items():
        head += _string(name) + _value(value)
    for name, weight in weights.items():
        head += _string(name) + struct.pack("<I", weight.ndim)
        head += struct.pack(f"<{weight.ndim}Q", *reversed(weight.shape))
        head += struct.pack("<IQ", _FLOAT32, len(data))
        data += _padded(weight.astype("<f4").tobytes())
    start = b"GGUF" + struct.pack("<IQQ", 3, len(weights), len(metadata))
    file.write_bytes(_padded(start + head) + data)


class Drawn:
    """Weights of layers of width `d`, the linear ones drawn at random and always the same."""

    def __init__(self, d: int) -> None:
        self._d = d
        self._random = np.random.default_rng(0)

    def some(self, *shape: int) -> NDArray[np.float32]:
        """A tensor."""
        return (0.02 * self._random.standard_normal(shape)).astype(np.float32)

    def linear(self, name: str, n_in: int, n_out: int) -> dict[str, NDArray[np.float32]]:
        """A linear layer, with a bias."""
        return {f"{name}.weight": self.some(n_out, n_in), f"{name}.bias": self.some(n_out)}

    def norm(self, name: str) -> dict[str, NDArray[np.float32]]:
        """A norm as it begins."""
        ones, zeros = np.ones(self._d, np.float32), np.zeros(self._d, np.float32)
        return {f"{name}.weight": ones, f"{name}.bias": zeros}


def _metadata(languages: tuple[str, ...]) -> dict[str, Any]:
    encoder = {
        "n_layers": 1,
        "d_model": _D,
        "n_heads": 2,
        "ffn_dim": _FFN,
        "num_mel_bins": _MELS,
        "downsample_hidden": _CHANNELS,
        "output_dim": _HIDDEN,
        "max_source_positions": 1500,
        "n_window": 50,
        "n_window_infer": 800,
        "conv_chunksize": 500,
        "activation": "gelu",
    }
    decoder = {
        "n_layers": 1,
        "hidden_size": _HIDDEN,
        "intermediate_size": _HIDDEN,
        "n_heads": _HEADS,
        "n_kv_heads": 1,
        "head_dim": _HEAD_DIM,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "rope_theta": 1e6,
        "rope_mrope_section_t": 4,
        "rope_mrope_section_h": 2,
        "rope_mrope_section_w": 2,
        "rope_mrope_interleaved": True,
        "max_position_embeddings": 4096,
        "tie_word_embeddings": True,
        "vocab_size": len(TOKENS),
    }
    frontend = {
        "type": "mel",
        "num_mels": _MELS,
        "sample_rate": 16000,
        "n_fft": 400,
        "win_length": 400,
        "hop_length": 160,
        "window": "hann_periodic",
        "normalize": "per_utterance",
        "dither": 0.0,
        "pre_emphasis": 0.0,
        "f_min": 0.0,
        "f_max": 8000.0,
    }
    tokenizer = {
        "model": "gpt2",
        "pre": "qwen2",
        "tokens": TOKENS,
        "token_type": [3 if token.startswith("<|") else 1 for token in TOKENS],
        "merges": ["l a"],
        "eos_token_id": TOKENS.index("<|im_end|>"),
    }
    start, end, pad = map(TOKENS.index, _AUDIO)
    return {
        "general.architecture": "qwen3_asr",
        **({"general.languages": list(languages)} if languages else {}),
        "stt.variant": "qwen3-asr-0.6b",
        "stt.capability.lang_detect": True,
        **{f"tokenizer.ggml.{key}": value for key, value in tokenizer.items()},
        **{f"stt.qwen3_asr.encoder.{key}": value for key, value in encoder.items()},
        **{f"stt.qwen3_asr.decoder.{key}": value for key, value in decoder.items()},
        **{f"stt.frontend.{key}": value for key, value in frontend.items()},
        "stt.qwen3_asr.audio_start_token_id": start,
        "stt.qwen3_asr.audio_end_token_id": end,
        "stt.qwen3_asr.audio_token_id": pad,
        "general.file_type": _Q8_0,  # where a quantizer leaves it: behind all others
    }


def _weights(behind: Mapping[str, str]) -> dict[str, NDArray[np.float32]]:
    """As transcribe.cpp names them, rows before columns."""
    drawn = Drawn(_D)
    some, linear, norm = drawn.some, drawn.linear, drawn.norm

    found = {"enc.conv_out.weight": some(_D, _CHANNELS * _MELS // 8)}
    for i, channels in enumerate((1, _CHANNELS, _CHANNELS)):
        found[f"enc.conv.{i}.weight"] = some(_CHANNELS, channels, 3, 3)
        found[f"enc.conv.{i}.bias"] = some(_CHANNELS)
    block = "enc.blocks.0."
    for part in ("attn.q", "attn.k", "attn.v", "attn.out"):
        found |= linear(block + part, _D, _D)
    found |= linear(block + "ffn.fc1", _D, _FFN) | linear(block + "ffn.fc2", _FFN, _D)
    found |= norm(block + "norm_attn") | norm(block + "norm_ffn") | norm("enc.ln_post")
    found |= linear("enc.proj1", _D, _D) | linear("enc.proj2", _D, _HIDDEN)

    identity = np.eye(_HIDDEN, dtype=np.float32)
    step = np.zeros((_HIDDEN, _HIDDEN), np.float32)
    for before, after in behind.items():
        step[TOKENS.index(after), TOKENS.index(before)] = 1
    block = "dec.blocks.0."
    return found | {
        "dec.token_embd.weight": identity[: len(TOKENS)],
        "dec.output_norm.weight": np.ones(_HIDDEN, np.float32),
        block + "norm_attn.weight": np.ones(_HIDDEN, np.float32),
        block + "norm_ffn.weight": np.ones(_HIDDEN, np.float32),
        block + "attn.q.weight": some(_HEADS * _HEAD_DIM, _HIDDEN),
        block + "attn.k.weight": some(_HEAD_DIM, _HIDDEN),
        block + "attn.v.weight": np.zeros((_HEAD_DIM, _HIDDEN), np.float32),
        block + "attn.o.weight": some(_HIDDEN, _HEADS * _HEAD_DIM),
        block + "attn.q_norm.weight": np.ones(_HEAD_DIM, np.float32),
        block + "attn.k_norm.weight": np.ones(_HEAD_DIM, np.float32),
        block + "ffn.gate.weight": identity,
        block + "ffn.up.weight": identity,
        block + "ffn.down.weight": step,
    }


def _value(value: Any) -> bytes:
    if isinstance(value, list):
        kind = 8 if isinstance(value[0], str) else 5
        items = map(_string, value) if kind == 8 else (struct.pack("<i", each) for each in value)
        return struct.pack("<IIQ", 9, kind, len(value)) + b"".join(items)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _string(value)
    kind, sign = {bool: (7, "?"), int: (4, "I"), float: (6, "f")}[type(value)]
    return struct.pack(f"<I{sign}", kind, value)


def _string(text: str) -> bytes:
    raw = text.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def _padded(raw: bytes) -> bytes:
    return raw + bytes(-len(raw) % _ALIGNED)
