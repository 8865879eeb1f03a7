"""A Qwen3-ASR folder -> model and processor, from either of the two forms it is published in.

`Qwen/Qwen3-ASR-...-hf` has transformers' own keys. The original `Qwen/Qwen3-ASR-...` calls all of
it a "thinker"; transformers would load that without a word, and with random weights. Weights are
read from safetensors alone, which hold numbers and no code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import (
    AutoTokenizer,
    Qwen3ASRConfig,
    Qwen3ASREncoderConfig,
    Qwen3ASRFeatureExtractor,
    Qwen3ASRForConditionalGeneration,
    Qwen3ASRForTokenClassification,
    Qwen3ASRProcessor,
    Qwen3Config,
)
from transformers.utils import logging

from asr_core.engines.folders import description
from asr_core.engines.qwen3_asr.few_bits import put_codes, put_floats, quantize, stored_scales
from asr_core.engines.qwen3_asr.forms import is_aligner
from asr_core.engines.qwen3_asr.placing import Placed, Placement
from asr_core.engines.qwen3_asr.simulated import simulate
from asr_core.errors import ModelError
from asr_core.quantize.placing import FEW_BITS, misfit
from asr_core.store.pickled import MODELOPT_STATE, check_agreed

# Keys of the original form and what transformers calls them; the first that fits counts.
_THINKER_KEYS = {
    r"^thinker\.audio_tower\.proj1\.": "model.multi_modal_projector.linear_1.",
    r"^thinker\.audio_tower\.proj2\.": "model.multi_modal_projector.linear_2.",
    r"^thinker\.audio_tower\.": "model.audio_tower.",
    r"^thinker\.model\.": "model.language_model.",
}
_HEAD_KEY = r"^thinker\.lm_head\."
# What transformers raises for a folder that is cut, mixed up, or needs a package we have not.
_UNREADABLE = (
    *(SafetensorError, OSError, ValueError, RuntimeError, TypeError, KeyError),
    *(AttributeError, ImportError),
)
_CHUNK_POSITIONS = 13  # the encoder's, of a second of sound; the original names Whisper's 1500


def load_folder(folder: Path, placement: Placement) -> tuple[Placed, Qwen3ASRProcessor]:
    """The recognizer, or the forced aligner, that a folder holds.

    Raises:
        ModelError: the folder is not whole, not of this family, or does not fit into memory; or it
            was written by ModelOpt, and there was no yes to its pickle.
        AsrError: the layers do not fit the precision.
    """
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # what is missing is told below; scales of 8 bits are no surprise
    is_simulated = (folder / MODELOPT_STATE).is_file()
    if is_simulated:
        check_agreed(folder)
        _check_floats(folder, placement)
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"The model folder {folder.name!r} has no weights in the safetensors format; other "
            "formats may hold code and are not read. Get the folder again."
        )
    try:
        config = _config(folder)
        processor = _processor(folder, config.audio_config)
    except _UNREADABLE as error:
        raise _damaged(folder, f"its description cannot be read ({type(error).__name__})") from None
    model = _model(folder, config, placement)
    placed = Placed(model, placement.dtype, _in_few_bits(folder, model, placement))
    if is_simulated:
        _simulate(folder, placed)
    if placement.device.type != "cpu" and "cpu" in _devices(model):
        placed.notes.append(f"{placement.device} is too small; a part is computed by the CPU.")
    return placed, processor


def _config(folder: Path) -> Qwen3ASRConfig:
    found = description(folder)
    thinker = found.get("thinker_config")
    if thinker is None:
        return Qwen3ASRConfig.from_pretrained(folder, local_files_only=True)
    audio = _known(thinker["audio_config"], Qwen3ASREncoderConfig)
    text = _known(thinker["text_config"], Qwen3Config)
    # Its three kinds of positions are one and the same for sound: plain rotary positions.
    theta = thinker["text_config"]["rope_theta"]
    text["rope_parameters"] = {"rope_type": "default", "rope_theta": theta}
    config = Qwen3ASRConfig(
        audio_config=audio | {"max_position_embeddings": _CHUNK_POSITIONS},
        text_config=text | {"model_type": "qwen3"},
        audio_token_id=thinker["audio_token_id"],
        tie_word_embeddings=text.get("tie_word_embeddings", True),
    )
    if "classify_num" in thinker:
        config.num_labels = thinker["classify_num"]
        config.timestamp_token_id = found["timestamp_token_id"]
    return config


def _known(values: Mapping[str, Any], config_class: type) -> dict[str, Any]:
    """Those values that a part's configuration has a field for."""
    names = {field.name for field in fields(config_class)}
    own = names - {field.name for field in fields(config_class.__mro__[1])}
    return {name: values[name] for name in own if values.get(name) is not None}


def _processor(folder: Path, audio: Any) -> Qwen3ASRProcessor:
    """The original folders name Whisper's features, which are padded otherwise."""
    tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    features = Qwen3ASRFeatureExtractor(feature_size=audio.num_mel_bins, n_window=audio.n_window)
    return Qwen3ASRProcessor(features, tokenizer)


def _model(folder: Path, config: Qwen3ASRConfig, placement: Placement) -> Any:
    model_class: Any = Qwen3ASRForConditionalGeneration
    if is_aligner(folder):
        model_class = Qwen3ASRForTokenClassification
    try:
        model, found = model_class.from_pretrained(
            folder,
            config=config,
            key_mapping=_key_mapping(folder),
            dtype=placement.dtype,
            device_map="auto",
            max_memory=placement.room,
            attn_implementation="sdpa",
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # they are told apart below, as the missing ones are
            local_files_only=True,
            output_loading_info=True,
        )
    except torch.OutOfMemoryError:
        raise _too_large(folder) from None
    except _UNREADABLE as error:
        raise _damaged(folder, f"its weights cannot be read ({type(error).__name__})") from None
    wrong = {*found["missing_keys"], *found["mismatched_keys"]}
    if wrong:
        raise _damaged(folder, f"{len(wrong)} of its tensors are missing or of another size")
    if "disk" in _devices(model):  # where accelerate puts what is too large, and only logs it
        raise _too_large(folder)
    return model


def _check_floats(folder: Path, placement: Placement) -> None:
    if placement.precision in FEW_BITS:
        raise ModelError(
            f"{folder.name!r} was quantized by ModelOpt and is not put into {placement.precision} "
            "once more. Choose auto as precision, or convert it: sottovoce models convert FOLDER "
            "--output NEW_FOLDER"
        )


def _simulate(folder: Path, placed: Placed) -> None:
    """Have ModelOpt's quantizers round what a model that was loaded as floats computes."""
    if len(_devices(placed.model)) > 1:  # the hooks that carry tensors between them would be lost
        raise _too_large(folder)
    try:
        simulate(placed.model, folder, partial(_renamed, names=_key_mapping(folder)))
    except _UNREADABLE as error:
        raise _damaged(folder, f"its weights cannot be read ({type(error).__name__})") from error
    placed.notes.append(
        "ModelOpt simulates few bits: this is no smaller and no faster than float32. To have 8 "
        "bits that are: sottovoce models convert FOLDER --output NEW_FOLDER"
    )


def _in_few_bits(folder: Path, model: Any, placement: Placement) -> str:
    """Put a model that was loaded into 8 or 4 bits, as it is stored or as it was asked for.

    Returns:
        The name of the form; empty if it is float.
    """
    try:
        stored = stored_scales(folder, partial(_renamed, names=_key_mapping(folder)))
        if stored and placement.device.type == "cpu" and placement.precision in ("auto", "int8"):
            put_codes(model, stored)
            return "int8"
        put_floats(model, stored)
    except (*_UNREADABLE, IndexError) as error:
        raise _damaged(folder, f"its weights cannot be read ({type(error).__name__})") from None
    if placement.precision not in FEW_BITS:
        return ""
    if len(_devices(model)) > 1:  # the hooks that carry tensors between them would be lost
        raise _too_large(folder)
    try:
        quantize(model, placement.precision)
    except ValueError:
        raise misfit(placement.precision) from None
    return placement.precision


def _key_mapping(folder: Path) -> dict[str, str]:
    """Beginnings of a folder's keys, and what transformers calls them."""
    return _THINKER_KEYS | {_HEAD_KEY: "score." if is_aligner(folder) else "lm_head."}


def _renamed(key: str, names: Mapping[str, str]) -> str:
    """What transformers calls a key of either form."""
    for pattern, name in names.items():
        if re.match(pattern, key):
            return re.sub(pattern, name, key)
    return key


def _devices(model: torch.nn.Module) -> set[str]:
    """Where accelerate put the parts; nothing where it had no choice."""
    return {str(device) for device in getattr(model, "hf_device_map", {}).values()}


def _too_large(folder: Path) -> ModelError:
    return ModelError(
        f"The model {folder.name!r} does not fit into memory. Close other programs, or choose "
        "a smaller model or bfloat16 as precision."
    )


def _damaged(folder: Path, reason: str) -> ModelError:
    return ModelError(
        f"The model folder {folder.name!r} cannot be used: {reason}. Get the folder again."
    )
