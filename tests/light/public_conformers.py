"""Tiny FireRed, WeNet and ESPnet models for the tests, in the files their makers publish.

They have the real file names, formats, weight names and settings, and random weights: they prove
code paths, never recognition.
"""

from __future__ import annotations

import argparse
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor

WORDS = ("▁HELLO", "▁WORLD", "▁A", "S", "你", "好", "世", "界", "我", "们")
FIRERED = ("<blank>", "<unk>", "<pad>", "<sos>", "<eos>", *WORDS)
WENET = ESPNET = ("<blank>", "<unk>", *WORDS, "<sos/eos>")
SUMS, SQUARES, COUNT = np.linspace(900, 1200, 80), np.linspace(15_000, 20_000, 80), 100.0

_D, _HEADS, _MELS, _KERNEL, _FF = 16, 2, 80, 7, 24
_SHIFTS = 19  # what two convolutions of stride two leave of 80 bands

Shapes = dict[str, tuple[int, ...]]


def firered(folder: Path, ctc: bool = True) -> Path:
    """A FireRedASR2-AED; without `ctc` a FireRedASR-AED-L."""
    folder.mkdir(parents=True, exist_ok=True)
    args = argparse.Namespace(idim=_MELS, odim=len(FIRERED), d_model=_D, n_head=_HEADS)
    args.n_layers_enc = args.n_layers_dec = 1
    args.kernel_size, args.pe_maxlen = _KERNEL, 5000
    args.residual_dropout = args.dropout_rate = 0.1
    args.pad_id, args.sos_id, args.eos_id = 2, 3, 4
    state = random_state(firered_shapes(len(FIRERED), ctc))
    embedding = {"decoder.tgt_word_prj.weight": state["decoder.tgt_word_emb.weight"]}
    package = {"args": args, "model_state_dict": {**state, **embedding}}
    torch.save(package, folder / "model.pth.tar")
    (folder / "cmvn.ark").write_bytes(kaldi_matrix("FM"))
    _write_symbols(folder / "dict.txt", FIRERED)
    (folder / "train_bpe1000.model").write_bytes(b"sentencepiece")
    (folder / "config.yaml").write_text("")
    return folder


def wenet(folder: Path, special: bool = True, cmvn: str | None = None) -> Path:
    """A WeNet U2++; without `special` of the years when the last symbol was start and end.

    With `cmvn`, "json" or "kaldi", the weights lack the statistics and a file has them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    n_units = len(WENET)
    conf = {"attention_heads": _HEADS, "linear_units": _FF, "num_blocks": 1}
    config: dict[str, Any] = {
        "encoder": "conformer",
        "encoder_conf": conf
        | {"output_size": _D, "causal": True, "cnn_module_kernel": _KERNEL}
        | {"cnn_module_norm": "layer_norm", "input_layer": "conv2d", "normalize_before": True}
        | {"pos_enc_layer_type": "rel_pos", "selfattention_layer_type": "rel_selfattn"}
        | {"use_cnn_module": True, "activation_type": "swish", "use_dynamic_chunk": True},
        "decoder": "bitransformer",
        "decoder_conf": conf | {"r_num_blocks": 1},
        "model_conf": {"ctc_weight": 0.3, "reverse_weight": 0.3},
        "dataset_conf": {"fbank_conf": {"num_mel_bins": _MELS, "dither": 0.1}},
        "input_dim": _MELS,
        "output_dim": n_units,
        "cmvn_file": "/somewhere/else/global_cmvn",
        "is_json_cmvn": cmvn != "kaldi",
    }
    if special:
        ends = dict.fromkeys(("<sos>", "<eos>"), n_units - 1)
        config["tokenizer_conf"] = {"special_tokens": ends | {"<blank>": 0, "<unk>": 1}}
    state = random_state(wenet_shapes(n_units))
    if cmvn:
        del state["encoder.global_cmvn.mean"], state["encoder.global_cmvn.istd"]
    torch.save(state, folder / "final.pt")
    (folder / "train.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    _write_symbols(folder / "units.txt", WENET)
    if cmvn == "kaldi":
        rows = ([*SUMS, COUNT], [*SQUARES, 0])
        lines = "\n".join("  " + " ".join(map(str, row)) for row in rows)
        (folder / "global_cmvn").write_text(f" [\n{lines} ]\n")
    elif cmvn:
        found = {"mean_stat": [*SUMS], "var_stat": [*SQUARES], "frame_num": COUNT}
        (folder / "global_cmvn").write_text(json.dumps(found))
    return folder


def espnet(folder: Path, **changes: Any) -> Path:
    """An ESPnet Conformer; `changes` are of its encoder's settings."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "token_list": [*ESPNET],
        "token_type": "bpe",
        "input_size": None,
        "frontend": "default",
        "frontend_conf": {"fs": "16k", "n_fft": 512, "win_length": 400, "hop_length": 160},
        "normalize": "global_mvn",
        "normalize_conf": {"stats_file": "exp/asr_stats/train/feats_stats.npz"},
        "encoder": "conformer",
        "encoder_conf": {"output_size": _D, "attention_heads": _HEADS, "linear_units": _FF}
        | {"num_blocks": 1, "input_layer": "conv2d", "normalize_before": True}
        | {"rel_pos_type": "latest", "pos_enc_layer_type": "rel_pos", "macaron_style": True}
        | {"selfattention_layer_type": "rel_selfattn", "activation_type": "swish"}
        | {"use_cnn_module": True, "cnn_module_kernel": _KERNEL}
        | changes,
        "decoder": "transformer",
        "decoder_conf": {"attention_heads": _HEADS, "linear_units": _FF, "num_blocks": 1},
        "ctc_conf": {"dropout_rate": 0.0, "ctc_type": "builtin"},
        "model_conf": {"ctc_weight": 0.3},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    state = random_state(espnet_shapes(len(ESPNET)))
    state |= {"normalize.mean": torch.zeros(80), "normalize.std": torch.ones(80)}
    state |= {"frontend.logmel.melmat": torch.zeros(257, 80)}
    torch.save(state, folder / "valid.acc.ave_10best.pth")
    np.savez(folder / "feats_stats.npz", count=COUNT, sum=SUMS, sum_square=SQUARES)
    (folder / "bpe.model").write_bytes(b"sentencepiece")
    return folder


def kaldi_matrix(kind: str, sums: Any = SUMS, squares: Any = SQUARES, n: float = COUNT) -> bytes:
    """Statistics as Kaldi's binary matrix, "FM" of float32 or "DM" of float64."""
    dtype = {"FM": "<f4", "DM": "<f8"}[kind]
    rows = np.array([[*sums, n], [*squares, 0]], dtype)
    sizes = struct.pack("<bibi", 4, rows.shape[0], 4, rows.shape[1])
    return b"\0B" + f"{kind} ".encode() + sizes + rows.tobytes()


def random_state(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Random weights of these shapes, with which a model says something and comes to an end."""
    random = torch.Generator().manual_seed(1)
    state = {}
    for name, shape in shapes.items():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(7)
            continue
        value = torch.randn(shape, generator=random)
        if len(shape) > 1:
            value *= 2 * np.prod(shape[1:]).item() ** -0.5
        elif name.endswith(("weight", "running_var", "istd")):
            value = 1 + 0.1 * value.abs()
        else:
            value *= 0.1
        state[name] = value
    if "ctc.ctc_lo.bias" in state:
        state["ctc.ctc_lo.bias"][[0, 1, -1]] -= 4  # or it may hear nothing but blanks and ends
    return state


def firered_shapes(n_units: int, ctc: bool = True) -> Shapes:
    """FireRed's names of the weights of one encoder and one decoder block."""
    d, ff, inner = _D, 4 * _D, 2 * _D
    stem, block = "encoder.input_preprocessor.", "encoder.layer_stack.0."
    shapes = _pair(f"{stem}conv.0", 32, 1, 3, 3) | _pair(f"{stem}conv.2", 32, 32, 3, 3)
    shapes |= _pair(f"{stem}out", d, 32 * _SHIFTS)
    for ffn in ("ffn1", "ffn2"):
        net = f"{block}{ffn}.net."
        shapes |= _pair(f"{net}0", d) | _pair(f"{net}1", ff, d) | _pair(f"{net}4", d, ff)
    for name in ("w_qs", "w_ks", "w_vs", "fc", "linear_pos"):
        shapes[f"{block}mhsa.{name}.weight"] = (d, d)
    for letter in "qkv":
        shapes |= _pair(f"{block}mhsa.layer_norm_{letter}", d)
    for letter in "uv":
        shapes[f"{block}mhsa.pos_bias_{letter}"] = (_HEADS, d // _HEADS)
    shapes |= _pair(f"{block}conv.pre_layer_norm", d) | _pair(f"{block}conv.batch_norm", inner)
    shapes[f"{block}conv.pointwise_conv1.weight"] = (2 * inner, d, 1)
    shapes[f"{block}conv.depthwise_conv.weight"] = (inner, 1, _KERNEL)
    shapes[f"{block}conv.pointwise_conv2.weight"] = (d, inner, 1)
    shapes |= _pair(f"{block}layer_norm", d)
    block = "decoder.layer_stack.0."
    for attention in ("self_attn", "cross_attn"):
        shapes |= _pair(f"{block}{attention}_norm", d)
        for name in ("w_qs", "w_vs", "fc"):
            shapes |= _pair(f"{block}{attention}.{name}", d, d)
        shapes[f"{block}{attention}.w_ks.weight"] = (d, d)
    shapes |= _pair(f"{block}mlp_norm", d)
    shapes |= _pair(f"{block}mlp.w_1", ff, d) | _pair(f"{block}mlp.w_2", d, ff)
    shapes["encoder.positional_encoding.pe"] = (1, 9999, d)
    shapes["decoder.positional_encoding.pe"] = (1, 5000, d)
    shapes["decoder.tgt_word_emb.weight"] = (n_units, d)
    shapes |= _pair("decoder.layer_norm_out", d)
    return shapes | (_pair("ctc.ctc_lo", n_units, d) if ctc else {})


def wenet_shapes(n_units: int) -> Shapes:
    """WeNet's names of the weights of one encoder block and one decoder block each way."""
    shapes = _encoder_shapes() | {f"encoder.global_cmvn.{name}": (80,) for name in ("mean", "istd")}
    shapes["encoder.embed.pos_enc.pe"] = (1, 5000, _D)
    for side in ("left", "right"):
        shapes |= _decoder_shapes(f"decoder.{side}_decoder.", n_units)
        shapes[f"decoder.{side}_decoder.embed.1.pe"] = (1, 5000, _D)
    return shapes | _pair("ctc.ctc_lo", n_units, _D)


def espnet_shapes(n_units: int) -> Shapes:
    """ESPnet's names of the weights of one encoder and one decoder block."""
    shapes = _encoder_shapes() | _decoder_shapes("decoder.", n_units)
    norm = "encoder.encoders.0.conv_module.norm."
    shapes |= {f"{norm}running_mean": (_D,), f"{norm}running_var": (_D,)}
    shapes[f"{norm}num_batches_tracked"] = ()
    return shapes | _pair("ctc.ctc_lo", n_units, _D)


def _encoder_shapes() -> Shapes:
    d, block = _D, "encoder.encoders.0."
    shapes = _pair("encoder.embed.conv.0", d, 1, 3, 3) | _pair("encoder.embed.conv.2", d, d, 3, 3)
    shapes |= _pair("encoder.embed.out.0", d, d * _SHIFTS) | _pair("encoder.after_norm", d)
    shapes |= _attention(f"{block}self_attn.")
    shapes[f"{block}self_attn.linear_pos.weight"] = (d, d)
    for letter in "uv":
        shapes[f"{block}self_attn.pos_bias_{letter}"] = (_HEADS, d // _HEADS)
    for name in ("feed_forward", "feed_forward_macaron"):
        shapes |= _pair(f"{block}{name}.w_1", _FF, d) | _pair(f"{block}{name}.w_2", d, _FF)
    conv = f"{block}conv_module."
    shapes |= _pair(f"{conv}pointwise_conv1", 2 * d, d, 1) | _pair(f"{conv}norm", d)
    shapes |= _pair(f"{conv}depthwise_conv", d, 1, _KERNEL)
    shapes |= _pair(f"{conv}pointwise_conv2", d, d, 1)
    for name in ("ff", "mha", "ff_macaron", "conv", "final"):
        shapes |= _pair(f"{block}norm_{name}", d)
    return shapes


def _decoder_shapes(prefix: str, n_units: int) -> Shapes:
    d, block = _D, f"{prefix}decoders.0."
    shapes: Shapes = {f"{prefix}embed.0.weight": (n_units, d)}
    shapes |= _pair(f"{prefix}after_norm", d) | _pair(f"{prefix}output_layer", n_units, d)
    shapes |= _attention(f"{block}self_attn.") | _attention(f"{block}src_attn.")
    shapes |= _pair(f"{block}feed_forward.w_1", _FF, d) | _pair(f"{block}feed_forward.w_2", d, _FF)
    for number in (1, 2, 3):
        shapes |= _pair(f"{block}norm{number}", d)
    return shapes


def _attention(prefix: str) -> Shapes:
    shapes: Shapes = {}
    for name in ("q", "k", "v", "out"):
        shapes |= _pair(f"{prefix}linear_{name}", _D, _D)
    return shapes


def _pair(name: str, *shape: int) -> Shapes:
    """A weight and its bias."""
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def _write_symbols(path: Path, symbols: tuple[str, ...]) -> None:
    lines = (f"{symbol} {i}\n" for i, symbol in enumerate(symbols))
    path.write_text("".join(lines), encoding="utf-8")
