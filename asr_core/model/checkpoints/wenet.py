"""WeNet's Conformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from asr_core.model.checkpoints.folder import (
    Checkpoint,
    Names,
    filled,
    read_settings,
    read_statistics,
    read_weights,
    refusing,
    renamed,
    require,
)
from asr_core.model.cmvn import wenet_cmvn
from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import ModelConfig

_ATTENTION: Names = (*((f"linear_{x}", x) for x in "qkv"), ("linear_out", "o"))

NAMES: Names = (  # and ESPnet's
    (r"encoder\.global_cmvn\.", "encoder."),
    (r"encoder\.embed\.conv\.0\.", "encoder.subsample.conv1."),
    (r"encoder\.embed\.conv\.2\.", "encoder.subsample.conv2."),
    (r"encoder\.embed\.out\.0\.", "encoder.subsample.out."),
    (r"encoder\.encoders\.(\d+)\.", r"encoder.blocks.\1."),
    (r"encoder\.after_norm\.", "encoder.norm."),
    (r"decoder\.right_decoder\.", "decoder_r2l."),
    (r"decoder\.left_decoder\.", "decoder."),
    (r"(decoder|decoder_r2l)\.embed\.0\.", r"\1.embed."),
    (r"(decoder|decoder_r2l)\.decoders\.(\d+)\.", r"\1.blocks.\2."),
    (r"(decoder|decoder_r2l)\.after_norm\.", r"\1.norm."),
    (r"(decoder|decoder_r2l)\.output_layer\.", r"\1.out."),
    (r"ctc\.ctc_lo\.", "ctc.proj."),
)
ENCODER_PARTS: Names = (
    (r"norm_ff_macaron\.", "ff1.norm."),
    (r"norm_mha\.", "norm_attn."),
    (r"norm_conv\.", "conv.norm."),
    (r"norm_ff\.", "ff2.norm."),
    (r"norm_final\.", "norm_out."),
    (r"feed_forward_macaron\.w_1\.", "ff1.expand."),
    (r"feed_forward_macaron\.w_2\.", "ff1.reduce."),
    (r"feed_forward\.w_1\.", "ff2.expand."),
    (r"feed_forward\.w_2\.", "ff2.reduce."),
    *((rf"self_attn\.{theirs}\.", f"attn.{ours}.") for theirs, ours in _ATTENTION),
    (r"self_attn\.linear_pos\.", "attn.pos."),
    (r"self_attn\.pos_bias_", "attn.pos_bias_"),
    (r"conv_module\.pointwise_conv1\.", "conv.expand."),
    (r"conv_module\.depthwise_conv\.", "conv.depthwise."),
    (r"conv_module\.norm\.", "conv.inner_norm."),
    (r"conv_module\.pointwise_conv2\.", "conv.reduce."),
)
DECODER_PARTS: Names = (
    (r"norm1\.", "norm_self."),
    (r"norm2\.", "norm_cross."),
    (r"norm3\.", "norm_ff."),
    *((rf"self_attn\.{theirs}\.", f"self_attn.{ours}.") for theirs, ours in _ATTENTION),
    *((rf"src_attn\.{theirs}\.", f"cross_attn.{ours}.") for theirs, ours in _ATTENTION),
    (r"feed_forward\.w_1\.", "expand."),
    (r"feed_forward\.w_2\.", "reduce."),
)

# What our modules do and no setting of theirs changes.
NORMAL = {"normalize_before": True, "use_cnn_module": True, "macaron_style": True}
NORMAL |= {"selfattention_layer_type": "rel_selfattn", "positionwise_layer_type": "linear"}


@refusing
def load_wenet(folder: Path) -> Checkpoint:
    """A WeNet Conformer, U2 or U2++: `train.yaml`, `final.pt`, `global_cmvn` where it lacks that.

    Raises:
        ModelError: a file is missing, or the weights are not what the configuration says.
    """
    config = read_settings(folder / "train.yaml")
    require(folder, config, encoder="conformer")
    encoder, decoder = config["encoder_conf"], config["decoder_conf"]
    require(folder, encoder, NORMAL, input_layer="conv2d", pos_enc_layer_type="rel_pos")
    heard = config.get("dataset_conf", {})
    require(folder, heard, feats_type="fbank")
    require(folder, heard.get("resample_conf", {}), resample_rate=16_000)
    require(folder, heard.get("fbank_conf", {}), frame_length=25, frame_shift=10)
    blank_id = config.get("ctc_conf", {}).get("ctc_blank_id", 0)
    require(folder, {"ctc_blank_id": blank_id}, ctc_blank_id=0)
    weights = read_weights(folder, "final.pt")
    n_units = config["output_dim"]
    special = config.get("tokenizer_conf", {}).get("special_tokens") or {}
    shape = encoder_shape(encoder, config["input_dim"], weights)
    bidirectional = any(name.startswith("decoder.left_decoder.") for name in weights)
    r2l_layers = decoder.get("r_num_blocks", 0) if bidirectional else 0
    ours = ModelConfig(
        encoder=EncoderConfig(
            **shape,
            position="abs",
            normalizes_features=True,
            causal=encoder.get("causal", False),
        ),
        decoder=decoder_config(decoder, n_units, shape["d_model"]),
        decoder_r2l=decoder_config(decoder | {"num_blocks": r2l_layers}, n_units, shape["d_model"])
        if r2l_layers
        else None,
        n_units=n_units,
        blank_id=blank_id,
        sos_id=special.get("<sos>", n_units - 1),
        eos_id=special.get("<eos>", n_units - 1),
    )
    state = renamed(weights, NAMES, ENCODER_PARTS, DECODER_PARTS)
    if "encoder.mean" not in state:
        state |= read_statistics(folder / "global_cmvn", wenet_cmvn)
    return Checkpoint(filled(folder, ours, state), config)


def encoder_shape(conf: dict[str, Any], n_mels: int, weights: dict[str, Tensor]) -> dict[str, Any]:
    """The part of an `EncoderConfig` that WeNet and ESPnet tell alike."""
    batch_norm = any(name.endswith("conv_module.norm.running_mean") for name in weights)
    return {
        "n_mels": n_mels,
        "d_model": conf["output_size"],
        "n_heads": conf["attention_heads"],
        "n_layers": conf["num_blocks"],
        "d_ff": conf["linear_units"],
        "activation": conf.get("activation_type", "swish"),
        "conv_kernel": conf.get("cnn_module_kernel", 15),
        "conv_norm": "batch_norm" if batch_norm else "layer_norm",
    }


def decoder_config(
    conf: dict[str, Any], vocab_size: int, d_model: int, norm_eps: float = 1e-5
) -> DecoderConfig:
    """The decoder that WeNet and ESPnet tell alike."""
    return DecoderConfig(
        vocab_size=vocab_size,
        d_model=d_model,
        n_heads=conf["attention_heads"],
        n_layers=conf["num_blocks"],
        d_ff=conf["linear_units"],
        norm_eps=norm_eps,
    )
