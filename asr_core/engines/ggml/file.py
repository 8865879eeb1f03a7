"""A GGUF file: which model it holds and in how many bits, told by its head.

Source: the GGUF specification (ggml, docs/gguf.md), versions 2 and 3.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asr_core.errors import ModelError

FAMILY = "qwen3_asr"  # as transcribe.cpp writes it; other programs lay theirs out in other ways
_ALIGNERS = ("forced-aligner", "qwen3-forced")  # in the names of such files, in small letters
_MAGIC = b"GGUF"
_STRING, _ARRAY = 8, 9
_NUMBERS = dict(zip((0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12), "BbHhIif?Qqd", strict=True))
_LONGEST = 1 << 22  # entries of an array: vocabularies have a tenth of that
# Of "general.file_type", the kind that most weights are of.
_PRECISIONS = {
    0: "float32",
    1: "float16",
    2: "Q4_0",
    7: "Q8_0",
    8: "Q5_0",
    12: "Q3_K_M",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    32: "bfloat16",
}


def gguf_files(path: Path) -> list[Path]:
    """The file that `path` is, or those that lie in the folder, but for forced aligners."""
    found = [path] if path.is_file() else sorted(path.glob("*.gguf"))
    return [file for file in found if file.suffix == ".gguf" and not _is_aligner(file)]


def aligner_files(folder: Path) -> list[Path]:
    """The forced aligners that lie in a folder."""
    return sorted(filter(_is_aligner, folder.glob("*.gguf")))


def the_gguf(path: Path) -> Path:
    """The one GGUF file in a folder, or that `path` is; it holds a Qwen3-ASR.

    Raises:
        ModelError: there are several, it is damaged, or of another family.
    """
    file, *others = gguf_files(path)
    if others:
        names = ", ".join(each.name for each in (file, *others))
        raise ModelError(
            f"There are several GGUF files in {path.name!r}: {names}. Give the path of one of them."
        )
    family = value_in(file, "general.architecture")
    if family != FAMILY:
        raise ModelError(
            f"{file.name!r} says it is {family!r}, and Sottovoce runs GGUF files only of {FAMILY}, "
            "as they are made for transcribe.cpp: those for llama.cpp or CrispASR are laid out in "
            "another way. Choose another model."
        )
    return file


def precision_of(file: Path) -> str:
    """The kind that most weights are of, "gguf" where the file does not say."""
    return _PRECISIONS.get(value_in(file, "general.file_type"), "gguf")


def value_in(file: Path, key: str) -> Any:
    """What a file says of `key`; None where it says nothing.

    Raises:
        ModelError: it cannot be read, or is no whole GGUF file.
    """
    try:
        with open(file, "rb") as opened:
            data = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        with data:
            return next((value for name, value in _pairs(data) if name == key), None)
    except (OSError, ValueError, struct.error) as error:
        raise ModelError(
            f"{file.name!r} is no GGUF file, or is damaged ({type(error).__name__}). Get the model "
            "again."
        ) from None


def _is_aligner(file: Path) -> bool:
    """Whether a file is a forced aligner; the library that runs it goes by the name, too."""
    return any(name in file.name.lower() for name in _ALIGNERS)


def _pairs(data: mmap.mmap) -> Iterator[tuple[str, Any]]:
    """Keys and values in order; a list is None, since nobody asks for one."""
    if data[:4] != _MAGIC:
        raise ValueError("other bytes at the start")
    version, _, n_pairs = struct.unpack_from("<IQQ", data, 4)
    if version not in (2, 3):
        raise ValueError(f"version {version}")
    at = 24
    for _ in range(n_pairs):
        key, at = _string(data, at)
        (kind,) = struct.unpack_from("<I", data, at)
        value, at = _value(data, at + 4, kind)
        yield key, value


def _value(data: mmap.mmap, at: int, kind: int) -> tuple[Any, int]:
    """A value that begins at a place, and where it ends."""
    if kind == _STRING:
        return _string(data, at)
    if kind != _ARRAY:
        return struct.unpack_from("<" + _number(kind), data, at)[0], at + _size(kind)
    kind, n = struct.unpack_from("<IQ", data, at)
    at += 12
    if n > _LONGEST:
        raise ValueError(f"{n} entries")
    if kind != _STRING:
        return None, at + n * _size(kind)
    for _ in range(n):
        at += 8 + struct.unpack_from("<Q", data, at)[0]
    return None, at


def _string(data: mmap.mmap, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<Q", data, at)
    end = at + 8 + length
    if end > len(data):
        raise ValueError("cut off")
    return data[at + 8 : end].decode("utf-8"), end


def _number(kind: int) -> str:
    if kind not in _NUMBERS:
        raise ValueError(f"kind {kind}")
    return _NUMBERS[kind]


def _size(kind: int) -> int:
    return struct.calcsize("<" + _number(kind))
