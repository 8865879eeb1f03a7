"""Tiny models in the form that sherpa-onnx publishes: made-up graphs, which recognize nothing.

Those of CTC say "hello" and "world" in turn, for 0.3 s each, as long as there is sound. That of
Qwen3-ASR says what a table has behind the last token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

_OPSET, _IR_VERSION = 17, 8
_MEMORY = 512  # states and tokens of a Qwen3-ASR

SENSE_VOICE = [
    *("<blank>", "▁hello", "▁world"),
    *("<|en|>", "<|zh|>", "<|NEUTRAL|>", "<|Speech|>", "<|woitn|>"),
]
WENET = ["<blank>", "▁hello", "▁world"]

_SPECIAL = ["<|im_start|>", "<|im_end|>", "<|audio_start|>", "<|audio_pad|>", "<|audio_end|>"]
_SPOKEN = ["language", "ĠEnglish", "Hello", "Ġworld", "ä½ł", "å¥½", "!"]
LETTERS = [chr(code) for code in range(ord('"'), ord("~") + 1)]
QWEN = [*LETTERS, "Ġ", "Ċ", *_SPOKEN, *_SPECIAL, "<asr_text>", "<|endoftext|>"]

# Behind each token, where the model chooses the language; and behind the prompt that names one.
FREE = {
    "Ċ": "language",
    "language": "ĠEnglish",
    "ĠEnglish": "<asr_text>",
    "<asr_text>": "Hello",
    "Hello": "Ġworld",
    "Ġworld": "<|im_end|>",
    "ä½ł": "å¥½",
    "å¥½": "<|im_end|>",
}
TOLD = {"<asr_text>": "ä½ł", "Ċ": "language"}


def write_sense_voice(folder: Path) -> Path:
    """A SenseVoice: language, mood, event and style, then what CTC hears 60 ms at a time."""
    n = len(SENSE_VOICE)
    head = [
        _node("Cast", ["language"], "asked", to=TensorProto.INT64),
        _node("Max", ["asked", "english"], "chosen"),  # 0: it chooses
        _node("OneHot", ["chosen", "n", "off_on"], "named"),  # (N, V): its token is its number
        _node("Unsqueeze", ["named", "one"], "first"),
        _node("Shape", ["x"], "batch", start=0, end=1),
        _node("Concat", ["batch", "three_n"], "rest_shape", axis=0),
        _node("Expand", ["mood", "rest_shape"], "rest"),
        _node("Concat", ["first", "rest", "heard"], "logits", axis=1),
    ]
    mood = np.zeros((1, 3, n), np.float32)
    for i, token in enumerate(SENSE_VOICE[-3:]):
        mood[0, i, SENSE_VOICE.index(token)] = 9
    constants = {
        "english": np.array(SENSE_VOICE.index("<|en|>")),
        "n": np.array(n),
        "off_on": np.array([0, 9], np.float32),
        "one": np.array([1]),
        "three_n": np.array([3, n]),
        "mood": mood,
    }
    inputs = [
        _float("x", "N", "T", 560),
        *(helper.make_tensor_value_info(name, TensorProto.INT32, ["N"]) for name in _ASKED),
    ]
    metadata = {
        "model_type": "sense_voice_ctc",
        "comment": "made up",
        "vocab_size": n,
        "lfr_window_size": 7,
        "lfr_window_shift": 6,
        "normalize_samples": 0,
        "with_itn": 14,
        "without_itn": 15,
        "lang_auto": 0,
        "lang_en": SENSE_VOICE.index("<|en|>"),
        "lang_zh": SENSE_VOICE.index("<|zh|>"),
        "lang_ja": 0,
        "lang_ko": 0,
        "lang_yue": 0,
        "neg_mean": ",".join(["0"] * 560),
        "inv_stddev": ",".join(["1"] * 560),
    }
    nodes, heard = _heard("x", frames_a_word=5, n_tokens=n)
    _save(
        folder / "model.int8.onnx",
        nodes + head,
        inputs,
        [_float("logits", "N", "L", n)],
        heard | constants,
        metadata,
    )
    return _with_tokens(folder, SENSE_VOICE)


def write_wenet(folder: Path) -> Path:
    """A WeNet CTC: what is heard 40 ms at a time."""
    n = len(WENET)
    nodes, constants = _heard("every_4th", frames_a_word=8, n_tokens=n)
    before = [
        _node("Slice", ["x", "from", "to", "axis", "step"], "every_4th"),
        _node("Shape", ["every_4th"], "length", start=1, end=2),
        _node("Shape", ["x_lens"], "lens_shape"),
        _node("Expand", ["length", "lens_shape"], "log_probs_lens"),
    ]
    slicing = {"from": [0], "to": [2**31], "axis": [1], "step": [4]}
    _save(
        folder / "model.onnx",
        [*before, *nodes, _node("LogSoftmax", ["heard"], "log_probs", axis=-1)],
        [
            _float("x", "N", "T", 80),
            helper.make_tensor_value_info("x_lens", TensorProto.INT64, "N"),
        ],
        [
            _float("log_probs", "N", "L", n),
            helper.make_tensor_value_info("log_probs_lens", TensorProto.INT64, "N"),
        ],
        constants | {name: np.array(value) for name, value in slicing.items()},
        {"model_type": "wenet_ctc", "vocab_size": n, "subsampling_factor": 4},
    )
    return _with_tokens(folder, WENET)


def write_qwen(
    folder: Path, free: Mapping[str, str] = FREE, told: Mapping[str, str] = TOLD
) -> Path:
    """A Qwen3-ASR that says what the tables have behind the last token, whatever it hears."""
    (folder / "tokenizer").mkdir(parents=True)
    n_states = 4
    every_8th = {"from": [0], "to": [2**31], "axis": [1], "step": [8]}
    _save(
        folder / "conv_frontend.onnx",
        [
            _node("ReduceMean", ["x"], "mean", axes=[2], keepdims=1),
            _node("Slice", ["mean", "from", "to", "axis", "step"], "few"),
            _node("Concat", ["few"] * n_states, "y", axis=2),
        ],
        [_float("x", 1, "T", 128)],
        [_float("y", 1, "A", n_states)],
        {name: np.array(value) for name, value in every_8th.items()},
    )
    _save(
        folder / "encoder.int8.onnx",
        [
            _node("Cast", ["mask"], "inside", to=TensorProto.FLOAT),
            _node("Unsqueeze", ["inside", "two"], "wide"),
            _node("Mul", ["y", "wide"], "states"),
        ],
        [
            _float("y", 1, "A", n_states),
            helper.make_tensor_value_info("mask", TensorProto.BOOL, [1, "A"]),
        ],
        [_float("states", 1, "A", n_states)],
        {"two": np.array([2])},
    )
    tables = {"free": _table(free), "told": _table({**free, **told})}
    _save(
        folder / "decoder.int8.onnx",
        [
            _node("Shape", ["input_ids"], "n_new", start=1, end=2),
            _node("Greater", ["n_new", "one"], "is_prompt"),  # the first pass has all of it
            _node("Gather", ["free", "input_ids"], "freely"),
            _node("Gather", ["told", "input_ids"], "as_told"),
            _node("Where", ["is_prompt", "as_told", "freely"], "logits"),
            _node("Cast", ["input_ids"], "kept", to=TensorProto.FLOAT),
            _node("Unsqueeze", ["kept", "axes"], "key"),
            _node("Identity", ["key"], "value"),
        ],
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "S"]),
            _float("audio_features", 1, "A", n_states),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, [1, "M"]),
            helper.make_tensor_value_info("cache_position", TensorProto.INT64, ["S"]),
            _float("past_key", 1, _MEMORY, 1, 1),
            _float("past_value", 1, _MEMORY, 1, 1),
        ],
        [
            _float("logits", 1, "S", len(QWEN)),
            _float("key", 1, "S", 1, 1),
            _float("value", 1, "S", 1, 1),
        ],
        tables | {"one": np.array([1]), "axes": np.array([2, 3])},
    )
    added = [*_SPECIAL, "<asr_text>", "<|endoftext|>"]
    vocabulary = {token: i for i, token in enumerate(QWEN) if token not in added}
    decoder = {
        str(QWEN.index(token)): {"content": token, "special": token.startswith("<|")}
        for token in added
    }
    _text(folder / "tokenizer/vocab.json", json.dumps(vocabulary))
    _text(folder / "tokenizer/merges.txt", "#version: 0.2\n")
    _text(folder / "tokenizer/tokenizer_config.json", json.dumps({"added_tokens_decoder": decoder}))
    return folder


_ASKED = ("x_length", "language", "text_norm")


def _heard(x: str, frames_a_word: int, n_tokens: int) -> tuple[list[Any], dict[str, Any]]:
    """Nodes that give "heard" (N, L, V): tokens 1 and 2 in turn where (N, L, F) `x` is loud."""
    tokens = np.zeros((3, n_tokens), np.float32)
    tokens[0, 0], tokens[1, 1], tokens[2, 2] = 5, 9, 9
    nodes = [
        _node("ReduceMean", [x], "energy", axes=[2], keepdims=0),  # (N, L), log
        _node("Greater", ["energy", "threshold"], "is_loud"),
        _node("Shape", [x], "n_frames_", start=1, end=2),
        _node("Squeeze", ["n_frames_"], "n_frames"),
        _node("Range", ["zero", "n_frames", "step_1"], "at"),
        _node("Div", ["at", "a_word"], "word"),
        _node("Mod", ["word", "two_words"], "which"),
        _node("Add", ["which", "step_1"], "token"),  # 1 or 2
        _node("Where", ["is_loud", "token", "zero"], "said"),  # (N, L)
        _node("Gather", ["tokens", "said"], "heard"),
    ]
    constants = {
        "threshold": np.array(3.0, np.float32),
        "zero": np.array(0),
        "step_1": np.array(1),
        "a_word": np.array(frames_a_word),
        "two_words": np.array(2),
        "tokens": tokens,
    }
    return nodes, constants


def _table(behind: Mapping[str, str]) -> Any:
    table = np.zeros((len(QWEN), len(QWEN)), np.float32)
    for before, after in behind.items():
        table[QWEN.index(before), QWEN.index(after)] = 9
    return table


def _with_tokens(folder: Path, tokens: Sequence[str]) -> Path:
    _text(folder / "tokens.txt", "".join(f"{token} {i}\n" for i, token in enumerate(tokens)))
    return folder


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _node(operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> Any:
    return helper.make_node(operator, inputs, [output], **attributes)


def _float(name: str, *shape: str | int) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _save(
    path: Path,
    nodes: Sequence[Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    constants: Mapping[str, Any],
    metadata: Mapping[str, Any] | None = None,
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, weights)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
    )
    helper.set_model_props(model, {name: str(value) for name, value in (metadata or {}).items()})
    save(model, path)
