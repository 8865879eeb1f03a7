"""Tiny Qwen3-ASR models for the tests, written in both of the forms the real ones come in.

They have the real classes, keys and control tokens, and weights that nobody trained: they prove
code paths, never recognition. One is random; one is wired to say a sentence whatever it hears: its
layers add nothing, so that every token decides the next one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (
    GenerationConfig,
    Qwen2Tokenizer,
    Qwen3ASRConfig,
    Qwen3ASRFeatureExtractor,
    Qwen3ASRForConditionalGeneration,
    Qwen3ASRForTokenClassification,
    Qwen3ASRProcessor,
)

from asr_core.settings import Settings

PLAIN = Settings(device="cpu", precision="float32")
ENGLISH = ("language", " English", "<asr_text>", "Hello", " world", ".", " Good", " morning", "!")

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|audio_start|>", "<|audio_end|>")
CONTROL += ("<|audio_pad|>", "<asr_text>", "<timestamp>")
ORDINARY = ("<asr_text>", "<timestamp>")  # added tokens that are kept when text is decoded
WORDS = ("language", " English", " Chinese")

AUDIO = {
    "num_mel_bins": 128,
    "encoder_layers": 2,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "d_model": 16,
    "downsample_hidden_size": 8,
    "output_dim": 32,
    "n_window": 50,
    "n_window_infer": 800,
}
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-6,
    "initializer_range": 1.0,  # or the random model says one thing for ever
}
THETA = 1_000_000.0

# As in the published folders; the original template has no turn of the assistant's.
_TEMPLATE = (
    "{%- set n = namespace(system='', audio='') -%}{%- for m in messages -%}"
    "{%- for c in m.content -%}{%- if c.type == 'audio' -%}"
    "{%- set n.audio = n.audio + '<|audio_start|><|audio_pad|><|audio_end|>' -%}"
    "{%- elif m.role == 'system' -%}{%- set n.system = n.system + c.text -%}{%- endif -%}"
    "{%- endfor -%}{%- endfor -%}"
    "{{- '<|im_start|>system\n' + n.system + '<|im_end|>\n<|im_start|>user\n' + n.audio -}}"
    "{{- '<|im_end|>\n' -}}"
)
_ASSISTANT = (
    "{%- for m in messages -%}{%- if m.role == 'assistant' -%}"
    "{{- '<|im_start|>assistant\n' + m.content[0].text + '<|im_end|>\n' -}}"
    "{%- endif -%}{%- endfor -%}"
)
_ALIGNER_TEMPLATE = (
    "{%- set n = namespace(words=[]) -%}{%- for c in messages[0].content -%}"
    "{%- if c.type == 'text' -%}{%- set n.words = n.words + [c.text] -%}{%- endif -%}"
    "{%- endfor -%}{{- '<|audio_start|><|audio_pad|><|audio_end|>' -}}"
    "{{- n.words | join('<timestamp><timestamp>') + '<timestamp><timestamp>' -}}"
)


def load_unhurried(settings):
    """The engine at the pace of a large model, whatever this computer does with a tiny one."""
    from asr_core.engines import load_engine
    from asr_core.engines.qwen3_asr import engine

    at_once = engine.answers

    def answers(*asked):
        for rows in at_once(*asked):
            time.sleep(0.1)
            yield rows

    engine.answers = answers
    return load_engine(settings)


def write_model(
    folder: Path,
    form: str,
    says: Sequence[str] = (),
    *,
    aligner: bool = False,
    seed: int = 0,
) -> Path:
    """Write a tiny model, or a tiny forced aligner, in the form "hf" or "original".

    Args:
        says: tokens of what it says behind `<|im_start|>assistant` and a line break, one behind
            the other; if the last one came before, round in circles. Random if empty.
    """
    folder.mkdir(parents=True)
    tokenizer = _tokenizer(folder, says)
    model = _model(tokenizer, aligner, seed)
    if says:
        _wire(model, [_id(tokenizer, piece) for piece in ("\n", *says)])
    if form == "hf":
        _remove_all(folder)
        model.save_pretrained(folder)
        processor = Qwen3ASRProcessor(
            Qwen3ASRFeatureExtractor(),
            tokenizer,
            chat_template=_ALIGNER_TEMPLATE if aligner else _TEMPLATE + _ASSISTANT,
        )
        processor.save_pretrained(folder)
    else:
        _write_original(folder, model, aligner)
    return folder


def _tokenizer(folder: Path, says: Sequence[str]) -> Qwen2Tokenizer:
    """Bytes, the words that are needed whole, and the control tokens, as the original files."""
    from tokenizers.pre_tokenizers import ByteLevel

    spelled = ByteLevel(add_prefix_space=False, use_regex=False)
    vocab = {token: i for i, token in enumerate(sorted(ByteLevel.alphabet()))}
    merges: dict[tuple[str, str], None] = {}
    for word in (*WORDS, *(piece for piece in says if piece not in CONTROL)):
        parts = _merged(list(spelled.pre_tokenize_str(word)[0][0]), [*merges])
        while len(parts) > 1:
            merges[parts[0], parts[1]] = None
            parts[:2] = [parts[0] + parts[1]]
            vocab.setdefault(parts[0], len(vocab))
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), "utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", "utf-8")
    added = {
        str(len(vocab) + i): {"content": token, "special": token not in ORDINARY}
        for i, token in enumerate(CONTROL)
    }
    config = {
        "tokenizer_class": "Qwen2Tokenizer",
        "processor_class": "Qwen3ASRProcessor",
        "added_tokens_decoder": added,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "audio_token": "<|audio_pad|>",
        "audio_bos_token": "<|audio_start|>",
        "audio_eos_token": "<|audio_end|>",
        "add_prefix_space": False,
        "model_max_length": 131072,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    return Qwen2Tokenizer.from_pretrained(folder)


def _merged(parts: list[str], merges: Sequence[tuple[str, str]]) -> list[str]:
    """The parts that byte pair encoding leaves of a word."""
    for pair in merges:
        at = 0
        while at < len(parts) - 1:
            if (parts[at], parts[at + 1]) == pair:
                parts[at : at + 2] = ["".join(pair)]
            at += 1
    return parts


def _id(tokenizer: Qwen2Tokenizer, piece: str) -> int:
    (token,) = tokenizer.encode(piece, add_special_tokens=False)
    return token


def _model(tokenizer: Qwen2Tokenizer, is_aligner: bool, seed: int):
    torch.manual_seed(seed)
    ends = [_id(tokenizer, "<|endoftext|>"), _id(tokenizer, "<|im_end|>")]
    rope = {"rope_type": "default", "rope_theta": THETA}
    vocab_size = len(tokenizer)
    config = Qwen3ASRConfig(
        audio_config=dict(AUDIO, model_type="qwen3_asr_encoder"),
        text_config=dict(TEXT, model_type="qwen3", vocab_size=vocab_size, rope_parameters=rope),
        audio_token_id=_id(tokenizer, "<|audio_pad|>"),
        timestamp_token_id=_id(tokenizer, "<timestamp>"),
        pad_token_id=ends[1],
        eos_token_id=ends,
        initializer_range=0.2,
    )
    if is_aligner:
        config.num_labels = 50
        aligner = Qwen3ASRForTokenClassification(config).eval()
        with torch.no_grad():  # sharper, or all timestamps, which are one token, would be alike
            aligner.model.language_model.embed_tokens.weight.mul_(0.05)
            for layer in aligner.model.language_model.layers:
                layer.self_attn.q_norm.weight.mul_(6.0)
        return aligner
    model = Qwen3ASRForConditionalGeneration(config).eval()
    model.generation_config = GenerationConfig(eos_token_id=ends, pad_token_id=ends[1])
    return model


@torch.no_grad()
def _wire(model: Qwen3ASRForConditionalGeneration, tokens: Sequence[int]) -> None:
    """Let every token be followed by the next one, and the last by the end."""
    config = model.config.text_config
    model.config.tie_word_embeddings = config.tie_word_embeddings = False
    for layer in model.model.language_model.layers:
        layer.self_attn.o_proj.weight.zero_()
        layer.mlp.down_proj.weight.zero_()
    embedding = torch.nn.functional.normalize(torch.randn(config.vocab_size, 32), dim=1)
    head = torch.zeros(config.vocab_size, 32)
    if tokens[-1] not in tokens[:-1]:
        tokens = [*tokens, model.config.eos_token_id[1]]
    for token, following in pairwise(tokens):
        head[following] += 20 * embedding[token]
    model.model.language_model.embed_tokens.weight.copy_(embedding)
    model.lm_head.weight = torch.nn.Parameter(head)


def _write_original(folder: Path, model: torch.nn.Module, aligner: bool) -> None:
    """The same model as the original repositories have it."""
    renamed = {
        "model.multi_modal_projector.linear_1.": "thinker.audio_tower.proj1.",
        "model.multi_modal_projector.linear_2.": "thinker.audio_tower.proj2.",
        "model.audio_tower.": "thinker.audio_tower.",
        "model.language_model.": "thinker.model.",
        "lm_head.": "thinker.lm_head.",
        "score.": "thinker.lm_head.",
    }
    weights = {}
    for name, weight in model.state_dict().items():
        old = next(old for old in renamed if name.startswith(old))
        weights[renamed[old] + name.removeprefix(old)] = weight.clone()
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    config = model.config
    scaling = {"rope_type": "default", "type": "default", "interleaved": True}
    scaling |= {"mrope_interleaved": True, "mrope_section": [24, 20, 20]}
    text = dict(TEXT, model_type="qwen3", vocab_size=config.text_config.vocab_size)
    text |= {"rope_theta": THETA, "rope_scaling": scaling, "attention_bias": False}
    text |= {"tie_word_embeddings": config.tie_word_embeddings, "norm_topk_prob": True}
    audio = dict(AUDIO, model_type="qwen3_asr_audio_encoder", max_source_positions=1500)
    audio |= {"conv_chunksize": 500, "num_hidden_layers": 2, "torchscript": False}
    thinker = {"model_type": "qwen3_asr", "audio_config": audio, "text_config": text}
    thinker |= {"audio_token_id": config.audio_token_id, "dtype": "bfloat16"}
    if aligner:
        thinker["classify_num"] = config.num_labels
    original = {
        "architectures": ["Qwen3ASRForConditionalGeneration"],  # of the aligner, too
        "model_type": "qwen3_asr",
        "support_languages": ["Chinese", "English"],
        "thinker_config": thinker,
        "timestamp_token_id": config.timestamp_token_id,
        "timestamp_segment_time": 80,
    }
    _write_json(folder / "config.json", original)
    ends = {"eos_token_id": list(config.eos_token_id), "pad_token_id": config.pad_token_id}
    _write_json(folder / "generation_config.json", ends)
    features = {"feature_extractor_type": "WhisperFeatureExtractor", "feature_size": 128}
    _write_json(folder / "preprocessor_config.json", features)
    _write_json(folder / "chat_template.json", {"chat_template": _TEMPLATE})


def _write_json(path: Path, data: dict) -> None:
    path.write_text(json.dumps(data), "utf-8")


def _remove_all(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
