"""The families of models that sherpa-onnx runs, told by the names of a folder's files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from asr_core.engines.qwen3_asr.prompt import LANGUAGES
from asr_core.errors import ModelError

_8_BITS = ".int8."


@dataclass(frozen=True, slots=True)
class Kind:
    """A family.

    Attributes:
        loader: of the library, behind `from_`.
        files: what the loader calls each file, and the name it has where models are published.
        mark: part of "model_type" in the graph, where families share the names of their files.
        languages: ISO codes of what it can be told to write, with the library's word for each;
            none: it cannot be told.
        longest: seconds of sound that it takes at once.
        answers: it writes token by token to a prompt, with terms in it, and may go round in
            circles.
    """

    loader: str
    files: Mapping[str, str]
    mark: str = ""
    languages: Mapping[str, str] = field(default_factory=dict)
    longest: float = 30.0
    answers: bool = False


_CTC = {"model": "model*.onnx", "tokens": "tokens.txt"}
_TOLD = {code: code for code in ("zh", "en", "ja", "ko", "yue")}

# An earlier one counts where the files of two are there.
KINDS = (
    Kind(
        "qwen3_asr",
        {
            "conv_frontend": "conv_frontend*.onnx",
            "encoder": "encoder*.onnx",
            "decoder": "decoder*.onnx",
            "tokenizer": "tokenizer",
        },
        languages=LANGUAGES,
        # 13 states and up to 12 tokens a second, with the prompt, in a memory of 512.
        longest=18.0,
        answers=True,
    ),
    Kind(
        "moonshine",
        {
            "preprocessor": "preprocess*.onnx",
            "encoder": "encode*.onnx",
            "uncached_decoder": "uncached_decode*.onnx",
            "cached_decoder": "cached_decode*.onnx",
            "tokens": "tokens.txt",
        },
    ),
    Kind(
        "moonshine_v2",
        {
            "encoder": "encoder_model*.ort",
            "decoder": "decoder_model_merged*.ort",
            "tokens": "tokens.txt",
        },
    ),
    Kind(
        "whisper",
        {"encoder": "*-encoder*.onnx", "decoder": "*-decoder*.onnx", "tokens": "*-tokens.txt"},
        languages=_TOLD,
    ),
    Kind(
        "fire_red_asr",
        {"encoder": "encoder*.onnx", "decoder": "decoder*.onnx", "tokens": "tokens.txt"},
    ),
    Kind("sense_voice", _CTC, mark="sense_voice", languages=_TOLD),
    Kind("wenet_ctc", _CTC, mark="wenet"),
    Kind("fire_red_asr_ctc", _CTC, mark="fire"),
)
_TRANSDUCER = "joiner*.onnx"  # beside an encoder and a decoder that are of another family


def is_published(folder: Path) -> bool:
    """Whether a folder holds the files of a family; which one, its graph may have to say."""
    return bool(_of_these_files(folder))


def kind_of(folder: Path) -> tuple[Kind, dict[str, Path]]:
    """The family of a folder, and its files by the loader's names for them.

    Raises:
        ModelError: the graph is of none, or cannot be read.
    """
    kinds = _of_these_files(folder)
    found = files_of(folder, kinds[0])
    if not kinds[0].mark:
        return kinds[0], found
    said = _model_type(found["model"])
    for kind in kinds:
        if kind.mark in said:
            return kind, found
    known = ", ".join(kind.mark for kind in kinds)
    raise ModelError(
        f"The model {folder.name!r} says it is {said!r}, and Sottovoce runs graphs of this form "
        f"only of {known}. Choose another model."
    )


def files_of(folder: Path, kind: Kind) -> dict[str, Path]:
    """The files of a family by the loader's names for them; those in 8 bits where there are two."""
    found = {}
    for name, pattern in kind.files.items():
        paths = sorted(folder.glob(pattern), key=lambda path: (_8_BITS not in path.name, path.name))
        if paths:
            found[name] = paths[0]
    return found


def is_in_8_bits(files: Mapping[str, Path]) -> bool:
    """Whether graphs of a model are in 8 bits, as their names say."""
    return any(_8_BITS in path.name for path in files.values())


def _of_these_files(folder: Path) -> list[Kind]:
    if any(folder.glob(_TRANSDUCER)):
        return []
    whole = [kind for kind in KINDS if len(files_of(folder, kind)) == len(kind.files)]
    return [kind for kind in whole if kind.files == whole[0].files]


def _model_type(graph: Path) -> str:
    """What the graph says it is; empty where it says nothing."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # as in audio/voice.py
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(
            str(graph), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its errors have no class in common but this
        raise ModelError(
            f"The graph {graph.name} of the model {graph.parent.name!r} cannot be read "
            f"({type(error).__name__}). Get the model again."
        ) from None
    return session.get_modelmeta().custom_metadata_map.get("model_type", "")
