"""Whisper base -> a Conformer with CTC that computes the same function, ready to learn more.

Each encoder block gains a first feed-forward, a convolution module and a relative position bias.
All of them begin with a zero output, so the model recognizes speech before any training, and none
of them costs time until training has moved it. The bundled model is the grown one with the trained
weights of `assets/models/sottovoce-base` on top.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from asr_core.model import trained
from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import HybridModel, ModelConfig
from asr_core.model.units import UnitTable, token_bytes
from asr_core.model.whisper import data_file, whisper_state_dict
from asr_core.text.tokenizer import Tokenizer

N_TEXT_TOKENS = 50_257  # tokens below this one are text, the others are special
END_OF_TEXT = 50_257
START_OF_TRANSCRIPT = 50_258

ENCODER = EncoderConfig(
    n_layers=6,
    activation="gelu",
    subsampling="conv1d_2x",
    scale_input=False,
    position="absolute",
    max_frames=1500,
    relative_span=64,
    ff_scale=1.0,
    key_bias=False,
    conv_norm="layer_norm",
    block_norm=False,
)
DECODER = DecoderConfig(
    vocab_size=51_865,
    activation="gelu",
    position="learned",
    max_tokens=448,
    scale_embedding=False,
    key_bias=False,
    tied_output=True,
)

_ENCODER_NAMES = {
    "self_attn_layer_norm": "norm_attn",
    "self_attn.q_proj": "attn.q",
    "self_attn.k_proj": "attn.k",
    "self_attn.v_proj": "attn.v",
    "self_attn.out_proj": "attn.o",
    "final_layer_norm": "ff2.norm",
    "fc1": "ff2.expand",
    "fc2": "ff2.reduce",
}
_DECODER_NAMES = {
    "self_attn_layer_norm": "norm_self",
    "self_attn.q_proj": "self_attn.q",
    "self_attn.k_proj": "self_attn.k",
    "self_attn.v_proj": "self_attn.v",
    "self_attn.out_proj": "self_attn.o",
    "encoder_attn_layer_norm": "norm_cross",
    "encoder_attn.q_proj": "cross_attn.q",
    "encoder_attn.k_proj": "cross_attn.k",
    "encoder_attn.v_proj": "cross_attn.v",
    "encoder_attn.out_proj": "cross_attn.o",
    "final_layer_norm": "norm_ff",
    "fc1": "expand",
    "fc2": "reduce",
}
_OTHER_NAMES = {
    "model.encoder.conv1": "encoder.subsample.conv1",
    "model.encoder.conv2": "encoder.subsample.conv2",
    "model.encoder.embed_positions.weight": "encoder.position_table",
    "model.encoder.layer_norm": "encoder.norm",
    "model.decoder.embed_tokens": "decoder.embed",
    "model.decoder.embed_positions": "decoder.positions",
    "model.decoder.layer_norm": "decoder.norm",
}


def unit_table(unspaced: str = "") -> UnitTable:
    """The units of the grown model's CTC head.

    Args:
        unspaced: `ctc_unspaced` of the weights' configuration.

    Raises:
        ModelError: the packages with the weights are not installed.
    """
    lines = data_file("vocabulary.txt").read_text(encoding="utf-8").split("\n")
    return UnitTable(token_bytes(lines[:N_TEXT_TOKENS]), unspaced)


def whisper_tokenizer() -> Tokenizer:
    """The decoder's tokens, and which of them are never text.

    Raises:
        ModelError: the packages with the weights are not installed.
    """
    table = json.loads(data_file("config.json").read_text())
    return Tokenizer(
        data_file("tokenizer.json").read_text(encoding="utf-8"),
        table["suppress_ids"],
        table["suppress_ids_begin"],
    )


def grow(weights: dict[str, Tensor], units: UnitTable, ctc_pooling: int = 2) -> HybridModel:
    """A Conformer with the function of a Whisper base, in evaluation mode.

    Args:
        weights: under the names of transformers' WhisperForConditionalGeneration; the new model
            holds the same tensors.
        ctc_pooling: 2: 25 CTC frames per second, 1: 50.

    Raises:
        ModelError: `weights` is not a Whisper base.
    """
    config = ModelConfig(
        encoder=ENCODER,
        decoder=DECODER,
        n_units=len(units),
        ctc_pooling=ctc_pooling,
        frame_rate=50.0,
        sos_id=START_OF_TRANSCRIPT,
        eos_id=END_OF_TEXT,
        language_head=True,
        tail=10.0,  # the original weights know only windows of 30 s
    )
    state = {_our_name(name): value for name, value in weights.items() if name != "proj_out.weight"}
    if "decoder.embed.weight" in state:
        state |= _new_parts(config, units, state["decoder.embed.weight"])
    return HybridModel.filled(config, state, "Whisper base")


def load_grown() -> HybridModel:
    """Whisper base, grown, untrained, float32 on the CPU.

    Raises:
        ModelError: the packages with the weights are missing or damaged.
    """
    return grow(whisper_state_dict(), unit_table())


def load_bundled(folder: Path = trained.FOLDER) -> HybridModel:
    """The bundled model: grown and trained, float32 on the CPU; `place` moves it.

    Args:
        folder: of what training changed; another one than the bundled is one that was made here.

    Raises:
        ModelError: the packages with the weights, or the trained weights, are missing or damaged.
    """
    model = load_grown()
    model.config = trained.load_config(folder)
    trained.apply(trained.load(folder), model, is_new, model.config.change_share)
    return model


def is_new(name: str) -> bool:
    """Whether Whisper has no such weight."""
    in_block = any(f".{part}." in name for part in ("ff1", "conv", "relative_bias"))
    return in_block or name.startswith(("ctc.", "language."))


def _new_parts(config: ModelConfig, units: UnitTable, embedding: Tensor) -> dict[str, Tensor]:
    """Weights of what Whisper lacks, the same every time: zero where they enter the old model."""
    random = torch.Generator().manual_seed(0)
    parts: dict[str, Tensor] = {}
    for name, like in HybridModel.empty(config).state_dict().items():
        if not is_new(name):
            continue
        if name == "ctc.proj.weight":
            parts[name] = units.tied(embedding)
        elif name == "ctc.pool.weight":  # the mean of the frames
            eye = torch.eye(like.shape[0])
            n = like.shape[1] // like.shape[0]
            parts[name] = torch.cat([eye / n] * n, dim=1)
        elif "norm" in name and name.endswith("weight"):
            parts[name] = torch.ones(like.shape)
        elif like.dim() == 1 or ".reduce." in name or "relative_bias" in name:
            parts[name] = torch.zeros(like.shape)
        else:  # uniform by fan-in, as torch begins its linear layers
            bound = like[0].numel() ** -0.5
            parts[name] = torch.empty(like.shape).uniform_(-bound, bound, generator=random)
    return parts


def _our_name(name: str) -> str:
    if ".layers." in name:
        _, side, _, number, rest = name.split(".", 4)
        module, parameter = rest.rsplit(".", 1)
        table = _ENCODER_NAMES if side == "encoder" else _DECODER_NAMES
        return f"{side}.blocks.{number}.{table.get(module, module)}.{parameter}"
    if name in _OTHER_NAMES:
        return _OTHER_NAMES[name]
    module, _, parameter = name.rpartition(".")
    return f"{_OTHER_NAMES.get(module, module)}.{parameter}"


@dataclass(frozen=True, slots=True)
class GrowthReport:
    """How far the grown model is from the original."""

    layer_differences: tuple[float, ...]  # largest of each encoder layer, the stem first
    tokens: tuple[int, ...]  # greedy, grown
    original_tokens: tuple[int, ...]

    @property
    def equal(self) -> bool:
        """Whether every layer agrees to 1e-4 and every token exactly."""
        return max(self.layer_differences) <= 1e-4 and self.tokens == self.original_tokens


@torch.inference_mode()
def verify_growth(
    model: HybridModel, features: Tensor, prompt: tuple[int, ...], n_tokens: int = 20
) -> GrowthReport:
    """Compare a grown model in float32 with transformers' own Whisper of the same weights.

    Args:
        features: (1, 3000, 80) log-mel of one window.
        prompt: special tokens to begin with.
        n_tokens: how many are decoded greedily.
    """
    from transformers import WhisperConfig, WhisperForConditionalGeneration  # slow to import

    weights = whisper_state_dict()
    with torch.device("meta"):
        original = WhisperForConditionalGeneration(
            WhisperConfig(
                vocab_size=DECODER.vocab_size,
                d_model=ENCODER.d_model,
                encoder_layers=ENCODER.n_layers,
                decoder_layers=DECODER.n_layers,
                encoder_attention_heads=ENCODER.n_heads,
                decoder_attention_heads=DECODER.n_heads,
                encoder_ffn_dim=ENCODER.d_ff,
                decoder_ffn_dim=DECODER.d_ff,
            )
        )
    original.load_state_dict(weights, assign=True)
    original.eval()

    expected = original.model.encoder(features.mT, output_hidden_states=True)
    states: list[Tensor] = []
    encoder_out, lengths = model.encode(features, torch.tensor([features.shape[1]]), states=states)
    states[-1] = encoder_out  # transformers' last one is behind the final layer norm
    differences = [
        float((ours - theirs).abs().max())
        for ours, theirs in zip(states, expected.hidden_states, strict=True)
    ]
    cache = model.decoder.start(encoder_out, lengths)
    ours = _greedy(
        lambda tokens: model.decoder.step(tokens, cache, last_only=True), prompt, n_tokens
    )
    past = None

    def step(tokens: Tensor) -> Tensor:
        nonlocal past
        out = original(
            encoder_outputs=expected, decoder_input_ids=tokens, past_key_values=past, use_cache=True
        )
        past = out.past_key_values
        return out.logits

    return GrowthReport(tuple(differences), ours, _greedy(step, prompt, n_tokens))


def _greedy(
    step: Callable[[Tensor], Tensor], prompt: tuple[int, ...], n_tokens: int
) -> tuple[int, ...]:
    tokens: list[int] = []
    feed = torch.tensor([prompt])
    while len(tokens) < n_tokens and END_OF_TEXT not in tokens:
        tokens.append(int(step(feed)[0, -1].argmax()))
        feed = torch.tensor([tokens[-1:]])
    return tuple(tokens)
