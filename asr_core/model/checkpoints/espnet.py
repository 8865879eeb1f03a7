"""ESPnet's Conformers, whose weights are called as WeNet's are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from asr_core.audio import SAMPLE_RATE
from asr_core.errors import ModelError
from asr_core.model.checkpoints.folder import (
    Checkpoint,
    cmvn_of,
    filled,
    read_settings,
    read_statistics,
    read_weights,
    refusing,
    renamed,
    require,
)
from asr_core.model.checkpoints.wenet import (
    DECODER_PARTS,
    ENCODER_PARTS,
    NAMES,
    NORMAL,
    decoder_config,
    encoder_shape,
)
from asr_core.model.cmvn import espnet_cmvn
from asr_core.model.conformer import EncoderConfig
from asr_core.model.hybrid import ModelConfig

_ENCODER = {"output_size": 256, "attention_heads": 4, "linear_units": 2048, "num_blocks": 6}
_ENCODER |= {"cnn_module_kernel": 31}  # ESPnet writes down only what differs from these
_PARTS = {"frontend": "default", "normalize": "global_mvn", "preencoder": None}
_PARTS |= {"encoder": "conformer", "postencoder": None, "decoder": "transformer"}
_DECODER = {"attention_heads": 4, "linear_units": 2048, "num_blocks": 6}


@refusing
def load_espnet(folder: Path) -> Checkpoint:
    """An ESPnet Conformer with a decoder: `config.yaml`, one `.pth` file, `feats_stats.npz`.

    Where there is a `meta.yaml` instead, it says where in the folder they lie.

    Raises:
        ModelError: a file is missing, or the weights are not what the configuration says.
    """
    settings, published, statistics = _files(folder)
    config = read_settings(folder / settings)
    require(folder, config, _PARTS)
    frontend = espnet_frontend(config)
    require(folder, frontend, fs="16k", window="hann", center=True, normalized=False, htk=False)
    encoder = _ENCODER | config["encoder_conf"]
    oldest = {"rel_pos_type": "legacy", "macaron_style": False}  # what is meant where it is silent
    require(
        folder,
        oldest | encoder,
        NORMAL,
        input_layer="conv2d",
        pos_enc_layer_type="rel_pos",
        rel_pos_type="latest",
        macaron_style=True,
    )
    weights = read_weights(folder, published)
    if not all(isinstance(symbol, str) for symbol in config["token_list"]):
        raise TypeError("a symbol is no text")
    n_units, eps = len(config["token_list"]), 1e-12
    n_mels = config.get("input_size") or frontend["n_mels"]
    shape = encoder_shape(encoder, n_mels, weights)
    decoder = _DECODER | config.get("decoder_conf", {})
    ours = ModelConfig(
        encoder=EncoderConfig(**shape, position="xl", norm_eps=eps, normalizes_features=True),
        decoder=decoder_config(decoder, n_units, shape["d_model"], eps),
        n_units=n_units,
        frame_rate=SAMPLE_RATE / frontend["hop_length"] / 4,
        sos_id=config.get("sos", n_units - 1),
        eos_id=config.get("eos", n_units - 1),
    )
    state = renamed(weights, NAMES, ENCODER_PARTS, DECODER_PARTS)
    state |= cmvn_of(config) or read_statistics(folder / statistics, espnet_cmvn)
    return Checkpoint(filled(folder, ours, state), config)


def espnet_frontend(settings: dict[str, Any]) -> dict[str, Any]:
    """How a model of ESPnet hears, with what its settings are silent about."""
    frontend = {"n_fft": 512, "hop_length": 128, "n_mels": 80} | settings.get("frontend_conf", {})
    frontend["win_length"] = frontend.get("win_length") or frontend["n_fft"]
    if str(frontend.get("fs", "16k")) == "16000":
        frontend["fs"] = "16k"
    return frontend


def _files(folder: Path) -> tuple[str, str, str]:
    """Where in a folder the settings, the weights and the statistics lie."""
    if (folder / "meta.yaml").is_file() and not (folder / "config.yaml").is_file():
        said = read_settings(folder / "meta.yaml")
        settings = _inside(folder, said["yaml_files"]["asr_train_config"])
        statistics = read_settings(folder / settings)["normalize_conf"]["stats_file"]
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
