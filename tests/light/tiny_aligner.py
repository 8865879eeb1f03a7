"""Tiny Qwen3-ForcedAligners in the GGUF form that CrispASR reads, made up.

One hears nothing. It has the keys and tensors of the real ones. Its decoder is wired to count: at
each mark behind a word it says how many tokens there were since the sound, marks included. So its
times show what the library asked it, to the token. What it hears goes through an encoder of random
weights, and comes out as zeros.

The other is a random one of transformers' own class, in which everything counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tiny_gguf
from numpy.typing import NDArray
from transformers.audio_utils import mel_filter_bank

STEP_S = 0.08  # of the clock that it counts in

_BYTES = tiny_gguf.TOKENS[:256]  # each a token
_START, _END, _PAD = range(256, 259)
_MARK = 151_705  # written into CrispASR's code: the file must have as many tokens
_D, _HEADS, _FFN, _CHANNELS, _MELS = 16, 2, 32, 8, 128
_FRAME, _BINS = 400, 201
_COUNTED = 300  # as far as it counts
_AUDIO = {
    "n_layers": 1,
    "d_model": _D,
    "n_heads": _HEADS,
    "head_dim": _D // _HEADS,
    "ff_dim": _FFN,
    "conv_channels": _CHANNELS,
    "proj_dim": _D,
}
_DECODER = {
    "n_layers": 1,
    "d_model": _D,
    "n_heads": 1,
    "n_kv_heads": 1,
    "head_dim": _D,
    "ff_dim": _D,
    "rope_theta": 1e6,
    "rms_norm_eps": 1e-6,
}
_TOWER = "thinker.audio_tower."
_LOUDER = {  # weights as a model is begun with say little of what it hears
    **dict.fromkeys(
        [f"{part}.weight" for part in ("conv2d1", "conv2d2", "conv2d3", "conv_out")], 10
    ),
    **dict.fromkeys(["proj1.weight", "proj2.weight"], 3),
    **dict.fromkeys(["proj1.bias", "proj2.bias"], 0),
}
_NAMES = {
    _TOWER: "audio.",
    "thinker.model.embed_tokens": "token_embd",
    "thinker.model.norm": "output_norm",
    "thinker.lm_head": "output",
    "thinker.model.": "",
    "layers.": "blk.",
    "conv2d": "conv.",
    "self_attn_layer_norm": "attn_norm",
    "final_layer_norm": "ffn_norm",
    "post_attention_layernorm": "ffn_norm",
    "input_layernorm": "attn_norm",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.out_proj": "attn_out",
    "self_attn.o_proj": "attn_output",
    "fc1": "ffn_up",
    "fc2": "ffn_down",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_TEXT, _BEGUN, _SHARE, _ONE = range(4)  # which part of a state says what


def write_aligner(file: Path, **changed: Any) -> Path:
    """Write one; `changed` takes the place of metadata or weights, None takes them out.

    Args:
        changed: by their names, with "__" for ".".
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    given = {name.replace("__", "."): value for name, value in changed.items()}
    parts = []
    for part in (_metadata(_AUDIO, _DECODER), _weights()):
        merged = part | {name: value for name, value in given.items() if name in part}
        parts.append({name: value for name, value in merged.items() if value is not None})
    tiny_gguf.write_gguf(file, *parts)
    return file


def write_both(folder: Path, file: Path) -> None:
    """Write a random one, whose times hang on the sound, as a folder and as a file."""
    from safetensors.numpy import load_file, save_file
    from tiny_qwen3 import AUDIO, TEXT, THETA, write_model

    write_model(folder, "original", aligner=True, seed=1)
    loaded = load_file(folder / "model.safetensors")
    for part, factor in _LOUDER.items():
        loaded[_TOWER + part] *= np.float32(factor)
    save_file(loaded, folder / "model.safetensors", {"format": "pt"})
    weights = {_renamed(name): weight for name, weight in loaded.items()}
    vocab = json.loads((folder / "vocab.json").read_text("utf-8"))
    config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    added = {each["content"]: int(i) for i, each in config["added_tokens_decoder"].items()}
    known = weights["token_embd.weight"]
    embedding = np.zeros((_MARK + 1, known.shape[1]), np.float32)
    embedding[: len(known)] = known
    embedding[_MARK] = known[added["<timestamp>"]]
    filters = mel_filter_bank(_BINS, _MELS, 0.0, 8000.0, 16_000, norm="slaney", mel_scale="slaney")
    weights |= {"token_embd.weight": embedding, "audio.mel_filters": filters.astype(np.float32)}
    weights["audio.mel_window"] = _hann()
    merges = (folder / "merges.txt").read_text("utf-8").splitlines()[1:]
    audio = {
        "n_layers": AUDIO["encoder_layers"],
        "d_model": AUDIO["d_model"],
        "n_heads": AUDIO["encoder_attention_heads"],
        "head_dim": AUDIO["d_model"] // AUDIO["encoder_attention_heads"],
        "ff_dim": AUDIO["encoder_ffn_dim"],
        "conv_channels": AUDIO["downsample_hidden_size"],
        "proj_dim": AUDIO["output_dim"],
    }
    decoder = {
        "n_layers": TEXT["num_hidden_layers"],
        "d_model": TEXT["hidden_size"],
        "n_heads": TEXT["num_attention_heads"],
        "n_kv_heads": TEXT["num_key_value_heads"],
        "head_dim": TEXT["head_dim"],
        "ff_dim": TEXT["intermediate_size"],
        "rope_theta": THETA,
        "rms_norm_eps": TEXT["rms_norm_eps"],
    }
    metadata = _metadata(audio, decoder) | {
        **{
            f"qwen3asr.audio_{part}_token_id": added[f"<|audio_{part}|>"]
            for part in ("start", "end", "pad")
        },
        "tokenizer.ggml.tokens": [*sorted(vocab, key=vocab.__getitem__), *added],
        "tokenizer.ggml.merges": merges,
    }
    tiny_gguf.write_gguf(file, metadata, weights)


def counted(words: Sequence[str]) -> list[tuple[float, float]]:
    """Its times of these words: a token a byte, then two marks."""
    found, n = [], 0
    for word in words:
        n += len(word.encode())
        found.append(((n + 1) * STEP_S, (n + 2) * STEP_S))
        n += 2
    return found


def _metadata(audio: dict[str, Any], decoder: dict[str, Any]) -> dict[str, Any]:
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
        "qwen3asr.audio.max_source_pos": 1500,
        **{f"qwen3asr.llm.{key}": value for key, value in decoder.items()},
        "qwen3asr.llm.vocab_size": _MARK + 1,
        "qwen3asr.llm.max_pos": 4096,
        "qwen3asr.audio_start_token_id": _START,
        "qwen3asr.audio_end_token_id": _END,
        "qwen3asr.audio_pad_token_id": _PAD,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": [*_BYTES, "<|audio_start|>", "<|audio_end|>", "<|audio_pad|>"],
    }


def _weights() -> dict[str, NDArray[np.float32]]:
    """As CrispASR names them, rows before columns."""
    drawn = tiny_gguf.Drawn(_D)
    some, linear, norm = drawn.some, drawn.linear, drawn.norm

    found = {
        "audio.mel_filters": np.abs(some(_BINS, _MELS)),
        "audio.mel_window": _hann(),
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


def _hann() -> NDArray[np.float32]:
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME)
    return window.astype(np.float32)


def _renamed(name: str) -> str:
    """A weight's name in the original form as CrispASR has it."""
    for theirs, ours in _NAMES.items():
        name = name.replace(theirs, ours)
    return re.sub(r"self_attn\.([qkv])_proj", r"attn_\1", name)
