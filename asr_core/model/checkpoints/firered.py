"""FireRedASR's Conformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from asr_core.errors import ModelError
from asr_core.model.checkpoints.folder import (
    SAFE_WEIGHTS,
    Checkpoint,
    Names,
    cmvn_of,
    filled,
    needed,
    read_settings,
    read_statistics,
    read_weights,
    refusing,
    renamed,
    require,
)
from asr_core.model.cmvn import kaldi_cmvn
from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import ModelConfig
from asr_core.model.torch_files import load_torch

_ATTENTION: Names = (*((f"w_{x}s", x) for x in "qkv"), ("fc", "o"))

_NAMES: Names = (
    (r"encoder\.input_preprocessor\.conv\.0\.", "encoder.subsample.conv1."),
    (r"encoder\.input_preprocessor\.conv\.2\.", "encoder.subsample.conv2."),
    (r"encoder\.input_preprocessor\.out\.", "encoder.subsample.out."),
    (r"(encoder|decoder)\.layer_stack\.(\d+)\.", r"\1.blocks.\2."),
    (r"decoder\.tgt_word_emb\.", "decoder.embed."),
    (r"decoder\.layer_norm_out\.", "decoder.norm."),
    (r"ctc\.ctc_lo\.", "ctc.proj."),
)
_ENCODER_PARTS: Names = (
    (r"(ff)n([12])\.net\.0\.", r"\1\2.norm."),
    (r"(ff)n([12])\.net\.1\.", r"\1\2.expand."),
    (r"(ff)n([12])\.net\.4\.", r"\1\2.reduce."),
    (r"layer_norm\.", "norm_out."),
    (r"mhsa\.layer_norm_([qkv])\.", r"attn.norm_\1."),
    *((rf"mhsa\.{theirs}\.", f"attn.{ours}.") for theirs, ours in _ATTENTION),
    (r"mhsa\.linear_pos\.", "attn.pos."),
    (r"mhsa\.pos_bias_", "attn.pos_bias_"),
    (r"conv\.pre_layer_norm\.", "conv.norm."),
    (r"conv\.pointwise_conv1\.", "conv.expand."),
    (r"conv\.depthwise_conv\.", "conv.depthwise."),
    (r"conv\.batch_norm\.", "conv.inner_norm."),  # a layer norm, by its weights
    (r"conv\.pointwise_conv2\.", "conv.reduce."),
)
_DECODER_PARTS: Names = (
    (r"self_attn_norm\.", "norm_self."),
    (r"cross_attn_norm\.", "norm_cross."),
    (r"mlp_norm\.", "norm_ff."),
    *((rf"self_attn\.{theirs}\.", f"self_attn.{ours}.") for theirs, ours in _ATTENTION),
    *((rf"cross_attn\.{theirs}\.", f"cross_attn.{ours}.") for theirs, ours in _ATTENTION),
    (r"mlp\.w_1\.", "expand."),
    (r"mlp\.w_2\.", "reduce."),
)


@refusing
def load_firered(folder: Path) -> Checkpoint:
    """A FireRedASR2-AED, or a FireRedASR-AED without CTC: `model.pth.tar` and `cmvn.ark`.

    Raises:
        ModelError: a file is missing, or the weights are not what the configuration says.
    """
    config, weights = _package(folder)
    d_model, n_tokens = config["d_model"], config["odim"]
    channels = _like(folder, weights, "encoder.input_preprocessor.conv.0.weight").shape[0]
    encoder_ff = _like(folder, weights, "encoder.layer_stack.0.ffn1.net.1.weight").shape[0]
    decoder_ff = _like(folder, weights, "decoder.layer_stack.0.mlp.w_1.weight").shape[0]
    blank_id = config.get("blank_id", 0)
    require(folder, {"blank_id": blank_id}, blank_id=0)
    ours = ModelConfig(
        encoder=EncoderConfig(
            n_mels=config["idim"],
            d_model=d_model,
            n_heads=config["n_head"],
            n_layers=config["n_layers_enc"],
            d_ff=encoder_ff,
            normalizes_features=True,
            subsampling_channels=channels,
            right_padding=6,
            scale_input=False,
            position="xl",
            attention_bias=False,
            separate_norms=True,
            conv_kernel=config["kernel_size"],
            conv_expansion=2,
            conv_bias=False,
            conv_norm="layer_norm",
            final_norm=False,
        ),
        decoder=DecoderConfig(
            vocab_size=n_tokens,
            d_model=d_model,
            n_heads=config["n_head"],
            n_layers=config["n_layers_dec"],
            d_ff=decoder_ff,
            activation="gelu",
            key_bias=False,
            tied_output=True,
        ),
        n_units=n_tokens if any(name.startswith("ctc.") for name in weights) else 0,
        blank_id=blank_id,
        sos_id=config["sos_id"],
        eos_id=config["eos_id"],
    )
    weights.pop("decoder.tgt_word_prj.weight", None)  # the same tensor as the embedding
    state = renamed(weights, _NAMES, _ENCODER_PARTS, _DECODER_PARTS)
    state |= cmvn_of(config) or read_statistics(folder / "cmvn.ark", kaldi_cmvn)
    return Checkpoint(filled(folder, ours, state), config)


def _package(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    published = folder / "model.pth.tar"
    if not published.is_file() and (folder / SAFE_WEIGHTS).is_file():
        return read_settings(folder / "config.yaml"), read_weights(folder, published.name)
    package = load_torch(published)
    return vars(package["args"]), needed(folder, package["model_state_dict"])


def _like(folder: Path, weights: dict[str, Tensor], name: str) -> Tensor:
    if name not in weights:
        raise ModelError(
            f"The model {folder.name!r} lacks the weight {name}. It is damaged or of another kind."
        )
    return weights[name]
