"""Public checkpoints -> our model: which of their weights is which of ours.

They come in the files their makers publish; or all settings in the YAML file and all weights in
`model.safetensors`.

A family is chosen by the caller, never guessed from names: "rel_pos" means absolute positions in
WeNet and relative ones in ESPnet, and the wrong reading gives plausible garbage.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from asr_core.audio import SAMPLE_RATE
from asr_core.errors import ModelError
from asr_core.model.cmvn import Cmvn, espnet_cmvn, kaldi_cmvn, wenet_cmvn
from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import HybridModel, ModelConfig
from asr_core.model.torch_files import load_torch

Names = tuple[tuple[str, str], ...]  # (pattern of their name, ours)

# Computed anew, of training, or read from where they come from.
_DROPPED = re.compile(
    r"(.*\.pe|criterion_att\..*|specaug\..*|frontend\.logmel\.melmat|normalize\.(mean|std))$"
)
_SAFE_WEIGHTS = "model.safetensors"
_ESPNET_ENCODER = {"output_size": 256, "attention_heads": 4, "linear_units": 2048, "num_blocks": 6}
_ESPNET_ENCODER |= {"cnn_module_kernel": 31}  # ESPnet writes down only what differs from these
_ESPNET_PARTS = {"frontend": "default", "normalize": "global_mvn", "preencoder": None}
_ESPNET_PARTS |= {"encoder": "conformer", "postencoder": None, "decoder": "transformer"}
_ESPNET_DECODER = {"attention_heads": 4, "linear_units": 2048, "num_blocks": 6}

_WENET_ATTENTION: Names = (*((f"linear_{x}", x) for x in "qkv"), ("linear_out", "o"))
_FIRERED_ATTENTION: Names = (*((f"w_{x}s", x) for x in "qkv"), ("fc", "o"))

_WENET_NAMES: Names = (  # and ESPnet's
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
_WENET_ENCODER_PARTS: Names = (
    (r"norm_ff_macaron\.", "ff1.norm."),
    (r"norm_mha\.", "norm_attn."),
    (r"norm_conv\.", "conv.norm."),
    (r"norm_ff\.", "ff2.norm."),
    (r"norm_final\.", "norm_out."),
    (r"feed_forward_macaron\.w_1\.", "ff1.expand."),
    (r"feed_forward_macaron\.w_2\.", "ff1.reduce."),
    (r"feed_forward\.w_1\.", "ff2.expand."),
    (r"feed_forward\.w_2\.", "ff2.reduce."),
    *((rf"self_attn\.{theirs}\.", f"attn.{ours}.") for theirs, ours in _WENET_ATTENTION),
    (r"self_attn\.linear_pos\.", "attn.pos."),
    (r"self_attn\.pos_bias_", "attn.pos_bias_"),
    (r"conv_module\.pointwise_conv1\.", "conv.expand."),
    (r"conv_module\.depthwise_conv\.", "conv.depthwise."),
    (r"conv_module\.norm\.", "conv.inner_norm."),
    (r"conv_module\.pointwise_conv2\.", "conv.reduce."),
)
_WENET_DECODER_PARTS: Names = (
    (r"norm1\.", "norm_self."),
    (r"norm2\.", "norm_cross."),
    (r"norm3\.", "norm_ff."),
    *((rf"self_attn\.{theirs}\.", f"self_attn.{ours}.") for theirs, ours in _WENET_ATTENTION),
    *((rf"src_attn\.{theirs}\.", f"cross_attn.{ours}.") for theirs, ours in _WENET_ATTENTION),
    (r"feed_forward\.w_1\.", "expand."),
    (r"feed_forward\.w_2\.", "reduce."),
)
_FIRERED_NAMES: Names = (
    (r"encoder\.input_preprocessor\.conv\.0\.", "encoder.subsample.conv1."),
    (r"encoder\.input_preprocessor\.conv\.2\.", "encoder.subsample.conv2."),
    (r"encoder\.input_preprocessor\.out\.", "encoder.subsample.out."),
    (r"(encoder|decoder)\.layer_stack\.(\d+)\.", r"\1.blocks.\2."),
    (r"decoder\.tgt_word_emb\.", "decoder.embed."),
    (r"decoder\.layer_norm_out\.", "decoder.norm."),
    (r"ctc\.ctc_lo\.", "ctc.proj."),
)
_FIRERED_ENCODER_PARTS: Names = (
    (r"(ff)n([12])\.net\.0\.", r"\1\2.norm."),
    (r"(ff)n([12])\.net\.1\.", r"\1\2.expand."),
    (r"(ff)n([12])\.net\.4\.", r"\1\2.reduce."),
    (r"layer_norm\.", "norm_out."),
    (r"mhsa\.layer_norm_([qkv])\.", r"attn.norm_\1."),
    *((rf"mhsa\.{theirs}\.", f"attn.{ours}.") for theirs, ours in _FIRERED_ATTENTION),
    (r"mhsa\.linear_pos\.", "attn.pos."),
    (r"mhsa\.pos_bias_", "attn.pos_bias_"),
    (r"conv\.pre_layer_norm\.", "conv.norm."),
    (r"conv\.pointwise_conv1\.", "conv.expand."),
    (r"conv\.depthwise_conv\.", "conv.depthwise."),
    (r"conv\.batch_norm\.", "conv.inner_norm."),  # a layer norm, by its weights
    (r"conv\.pointwise_conv2\.", "conv.reduce."),
)
_FIRERED_DECODER_PARTS: Names = (
    (r"self_attn_norm\.", "norm_self."),
    (r"cross_attn_norm\.", "norm_cross."),
    (r"mlp_norm\.", "norm_ff."),
    *((rf"self_attn\.{theirs}\.", f"self_attn.{ours}.") for theirs, ours in _FIRERED_ATTENTION),
    *((rf"cross_attn\.{theirs}\.", f"cross_attn.{ours}.") for theirs, ours in _FIRERED_ATTENTION),
    (r"mlp\.w_1\.", "expand."),
    (r"mlp\.w_2\.", "reduce."),
)
_BLOCK = re.compile(r"((?:encoder|decoder|decoder_r2l)\.blocks\.\d+\.)(.*)")


MAX_SETTINGS = 2_000_000  # bytes of a configuration; those of thousands of units have 100 kB

# What reading a configuration ends in when it is not of the shape its family gives it.
_MISSHAPEN = (LookupError, TypeError, AttributeError, ValueError, RuntimeError, ArithmeticError)


class Checkpoint(NamedTuple):
    """A public model, and what its makers wrote down about it."""

    model: HybridModel
    settings: dict[str, Any]


_Made = TypeVar("_Made")


def refusing(load: Callable[[Path], _Made]) -> Callable[[Path], _Made]:
    """The same, with a sentence for a folder that `load` cannot make sense of."""

    @wraps(load)
    def refuse(folder: Path) -> _Made:
        try:
            return load(folder)
        except FileNotFoundError as error:
            missing = Path(str(error.filename or _SAFE_WEIGHTS)).name
            raise ModelError(
                f"The model folder {folder.name!r} has no file {missing}. Copy the whole folder."
            ) from error
        except (OSError, yaml.YAMLError, SafetensorError, UnicodeDecodeError) as error:
            raise ModelError(
                f"The model folder {folder.name!r} is damaged: {error}. Copy it again."
            ) from error
        except _MISSHAPEN as error:
            raise ModelError(
                f"The model folder {folder.name!r} is damaged or of another kind: its settings are "
                f"not those of such a model ({type(error).__name__}). Copy it again."
            ) from error

    return refuse


@refusing
def load_wenet(folder: Path) -> Checkpoint:
    """A WeNet Conformer, U2 or U2++: `train.yaml`, `final.pt`, `global_cmvn` where it lacks that.

    Raises:
        ModelError: a file is missing, or the weights are not what the configuration says.
    """
    config = _settings(folder / "train.yaml")
    _require(folder, config, encoder="conformer")
    encoder, decoder = config["encoder_conf"], config["decoder_conf"]
    _require(folder, encoder, _NORMAL, input_layer="conv2d", pos_enc_layer_type="rel_pos")
    heard = config.get("dataset_conf", {})
    _require(folder, heard, feats_type="fbank")
    _require(folder, heard.get("resample_conf", {}), resample_rate=16_000)
    _require(folder, heard.get("fbank_conf", {}), frame_length=25, frame_shift=10)
    blank_id = config.get("ctc_conf", {}).get("ctc_blank_id", 0)
    _require(folder, {"ctc_blank_id": blank_id}, ctc_blank_id=0)
    weights = _weights(folder, "final.pt")
    n_units = config["output_dim"]
    special = config.get("tokenizer_conf", {}).get("special_tokens") or {}
    shape = _encoder_shape(encoder, config["input_dim"], weights)
    bidirectional = any(name.startswith("decoder.left_decoder.") for name in weights)
    r2l_layers = decoder.get("r_num_blocks", 0) if bidirectional else 0
    ours = ModelConfig(
        encoder=EncoderConfig(
            **shape,
            position="abs",
            normalizes_features=True,
            causal=encoder.get("causal", False),
        ),
        decoder=_decoder_config(decoder, n_units, shape["d_model"]),
        decoder_r2l=_decoder_config(decoder | {"num_blocks": r2l_layers}, n_units, shape["d_model"])
        if r2l_layers
        else None,
        n_units=n_units,
        blank_id=blank_id,
        sos_id=special.get("<sos>", n_units - 1),
        eos_id=special.get("<eos>", n_units - 1),
    )
    parts = (_WENET_ENCODER_PARTS, _WENET_DECODER_PARTS)
    state = {_name(n, _WENET_NAMES, *parts): w for n, w in weights.items()}
    if "encoder.mean" not in state:
        state |= _statistics(folder / "global_cmvn", wenet_cmvn)
    return Checkpoint(_filled(folder, ours, state), config)


@refusing
def load_espnet(folder: Path) -> Checkpoint:
    """An ESPnet Conformer with a decoder: `config.yaml`, one `.pth` file, `feats_stats.npz`.

    Where there is a `meta.yaml` instead, it says where in the folder they lie.

    Raises:
        ModelError: a file is missing, or the weights are not what the configuration says.
    """
    settings, published, statistics = _espnet_files(folder)
    config = _settings(folder / settings)
    _require(folder, config, _ESPNET_PARTS)
    frontend = espnet_frontend(config)
    _require(folder, frontend, fs="16k", window="hann", center=True, normalized=False, htk=False)
    encoder = _ESPNET_ENCODER | config["encoder_conf"]
    oldest = {"rel_pos_type": "legacy", "macaron_style": False}  # what is meant where it is silent
    _require(
        folder,
        oldest | encoder,
        _NORMAL,
        input_layer="conv2d",
        pos_enc_layer_type="rel_pos",
        rel_pos_type="latest",
        macaron_style=True,
    )
    weights = _weights(folder, published)
    if not all(isinstance(symbol, str) for symbol in config["token_list"]):
        raise TypeError("a symbol is no text")
    n_units, eps = len(config["token_list"]), 1e-12
    n_mels = config.get("input_size") or frontend["n_mels"]
    shape = _encoder_shape(encoder, n_mels, weights)
    decoder = _ESPNET_DECODER | config.get("decoder_conf", {})
    ours = ModelConfig(
        encoder=EncoderConfig(**shape, position="xl", norm_eps=eps, normalizes_features=True),
        decoder=_decoder_config(decoder, n_units, shape["d_model"], eps),
        n_units=n_units,
        frame_rate=SAMPLE_RATE / frontend["hop_length"] / 4,
        sos_id=config.get("sos", n_units - 1),
        eos_id=config.get("eos", n_units - 1),
    )
    parts = (_WENET_ENCODER_PARTS, _WENET_DECODER_PARTS)
    state = {_name(n, _WENET_NAMES, *parts): w for n, w in weights.items()}
    state |= _cmvn(config) or _statistics(folder / statistics, espnet_cmvn)
    return Checkpoint(_filled(folder, ours, state), config)


@refusing
def load_firered(folder: Path) -> Checkpoint:
    """A FireRedASR2-AED, or a FireRedASR-AED without CTC: `model.pth.tar` and `cmvn.ark`.

    Raises:
        ModelError: a file is missing, or the weights are not what the configuration says.
    """
    config, weights = _firered_package(folder)
    d_model, n_tokens = config["d_model"], config["odim"]
    channels = _like(folder, weights, "encoder.input_preprocessor.conv.0.weight").shape[0]
    encoder_ff = _like(folder, weights, "encoder.layer_stack.0.ffn1.net.1.weight").shape[0]
    decoder_ff = _like(folder, weights, "decoder.layer_stack.0.mlp.w_1.weight").shape[0]
    blank_id = config.get("blank_id", 0)
    _require(folder, {"blank_id": blank_id}, blank_id=0)
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
    parts = (_FIRERED_ENCODER_PARTS, _FIRERED_DECODER_PARTS)
    state = {_name(n, _FIRERED_NAMES, *parts): w for n, w in weights.items()}
    state |= _cmvn(config) or _statistics(folder / "cmvn.ark", kaldi_cmvn)
    return Checkpoint(_filled(folder, ours, state), config)


def espnet_frontend(settings: dict[str, Any]) -> dict[str, Any]:
    """How a model of ESPnet hears, with what its settings are silent about."""
    frontend = {"n_fft": 512, "hop_length": 128, "n_mels": 80} | settings.get("frontend_conf", {})
    frontend["win_length"] = frontend.get("win_length") or frontend["n_fft"]
    if str(frontend.get("fs", "16k")) == "16000":
        frontend["fs"] = "16k"
    return frontend


def _settings(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_SETTINGS:
        raise OSError(f"{path.name} is far too long")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _weights(folder: Path, published: str) -> dict[str, Tensor]:
    """The weights under their makers' names, without those that are not needed."""
    if (folder / published).is_file():
        return _needed(folder, load_torch(folder / published))
    if (folder / _SAFE_WEIGHTS).is_file():
        return _needed(folder, load_file(folder / _SAFE_WEIGHTS))
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), published)


def _needed(folder: Path, weights: Any) -> dict[str, Tensor]:
    if not isinstance(weights, dict) or not all(isinstance(w, Tensor) for w in weights.values()):
        raise ModelError(
            f"The model folder {folder.name!r} holds something else than weights where they should "
            "be. Copy it again."
        )
    return {name: value for name, value in weights.items() if not _DROPPED.match(name)}


def _firered_package(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    published = folder / "model.pth.tar"
    if not published.is_file() and (folder / _SAFE_WEIGHTS).is_file():
        return _settings(folder / "config.yaml"), _weights(folder, published.name)
    package = load_torch(published)
    return vars(package["args"]), _needed(folder, package["model_state_dict"])


def _espnet_files(folder: Path) -> tuple[str, str, str]:
    """Where in a folder the settings, the weights and the statistics lie."""
    if (folder / "meta.yaml").is_file() and not (folder / "config.yaml").is_file():
        said = _settings(folder / "meta.yaml")
        settings = _inside(folder, said["yaml_files"]["asr_train_config"])
        statistics = _settings(folder / settings)["normalize_conf"]["stats_file"]
        weights = _inside(folder, said["files"]["asr_model_file"])
        return settings, weights, _inside(folder, statistics)
    found = sorted(path.name for path in folder.glob("*.pth"))
    if len(found) > 1:
        raise ModelError(
            f"The model folder {folder.name!r} has more than one file of weights "
            f"({', '.join(found)}). Keep the one that is the recognizer."
        )
    return "config.yaml", found[0] if found else "model.pth", "feats_stats.npz"


def _inside(folder: Path, path: str) -> str:
    """The path as it is, if it stays in the folder."""
    if not (folder / path).resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{path} is outside")
    return path


def _statistics(path: Path, read: Callable[[Path], Cmvn]) -> Cmvn:
    try:
        return read(path)
    except _MISSHAPEN as error:
        raise ModelError(
            f"{path.name} in the model folder {path.parent.name!r} is damaged "
            f"({type(error).__name__}). Copy it again."
        ) from error


# What our modules do and no setting of theirs changes.
_NORMAL = {"normalize_before": True, "use_cnn_module": True, "macaron_style": True}
_NORMAL |= {"selfattention_layer_type": "rel_selfattn", "positionwise_layer_type": "linear"}


def _require(
    folder: Path, found: dict[str, Any], normal: dict[str, Any] | None = None, **wanted: Any
) -> None:
    """See to it that what settings say is what we do; they may be silent about it."""
    for name, value in {**(normal or {}), **wanted}.items():
        if found.get(name, value) != value:
            raise ModelError(
                f"The model {folder.name!r} has {name}: {found[name]}, and Sottovoce runs only "
                f"models with {name}: {value}. Choose another model."
            )


def _encoder_shape(conf: dict[str, Any], n_mels: int, weights: dict[str, Tensor]) -> dict[str, Any]:
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


def _decoder_config(
    conf: dict[str, Any], vocab_size: int, d_model: int, norm_eps: float = 1e-5
) -> DecoderConfig:
    return DecoderConfig(
        vocab_size=vocab_size,
        d_model=d_model,
        n_heads=conf["attention_heads"],
        n_layers=conf["num_blocks"],
        d_ff=conf["linear_units"],
        norm_eps=norm_eps,
    )


def _cmvn(config: dict[str, Any]) -> Cmvn:
    """Mean and deviation out of the settings; nothing where they do not hold them."""
    found = config.get("cmvn")
    if not isinstance(found, dict):
        return {}
    return {f"encoder.{name}": torch.tensor(found[name]) for name in ("mean", "istd")}


def _name(theirs: str, names: Names, encoder_parts: Names, decoder_parts: Names) -> str:
    """Our name of a weight; theirs, or part of it, where the tables do not know it."""
    for pattern, ours in names:
        theirs = re.sub(f"^{pattern}", ours, theirs)
    block = _BLOCK.match(theirs)
    if block is None:
        return theirs
    prefix, rest = block.groups()
    for pattern, ours in encoder_parts if prefix.startswith("encoder") else decoder_parts:
        rest, n_found = re.subn(f"^{pattern}", ours, rest)
        if n_found:
            break
    return prefix + rest


def _like(folder: Path, weights: dict[str, Tensor], name: str) -> Tensor:
    if name not in weights:
        raise ModelError(
            f"The model {folder.name!r} lacks the weight {name}. It is damaged or of another kind."
        )
    return weights[name]


def _filled(folder: Path, config: ModelConfig, state: dict[str, Tensor]) -> HybridModel:
    parts = [config.encoder, config.decoder, *filter(None, [config.decoder_r2l])]
    if sum(part.n_layers for part in parts) > len(state):  # before they are made
        raise ModelError(
            f"The model folder {folder.name!r} is damaged: it claims more layers (n_layers) than "
            "it has weights. Copy it again."
        )
    for name, value in state.items():
        if name.endswith((".conv.expand.weight", ".conv.reduce.weight")) and value.dim() == 3:
            state[name] = value.squeeze(-1)  # a convolution over one frame is a linear layer
    return HybridModel.filled(config, state, folder.name)
