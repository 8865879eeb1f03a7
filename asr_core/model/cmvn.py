"""Global mean and variance of features, out of the files that public models bring them in."""

from __future__ import annotations

import json
import struct
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_LEAST_VARIANCE = 1e-20
_LARGEST = 1_000_000  # bytes; the statistics of 80 bands have a few thousand
_BINARY = b"\0B"
_NUMBERS = {b"FM ": "<f4", b"DM ": "<f8"}

Cmvn = dict[str, Tensor]  # "encoder.mean" and "encoder.istd", (F,) float32 each


def kaldi_cmvn(path: Path) -> Cmvn:
    """Of a Kaldi matrix, binary or text, 2 x (F + 1): sums and their count, sums of squares.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no such matrix.
    """
    data = _bytes(path)
    sums = _binary(data) if data.startswith(_BINARY) else _text(data)
    return _cmvn(sums[0, :-1], sums[1, :-1], float(sums[0, -1]))


def wenet_cmvn(path: Path) -> Cmvn:
    """Of WeNet's `global_cmvn`: JSON, or a Kaldi matrix.

    Raises:
        OSError: it cannot be read.
        ValueError, LookupError, TypeError: it is neither.
    """
    data = _bytes(path)
    if not data.lstrip().startswith(b"{"):
        return kaldi_cmvn(path)
    found = json.loads(data)
    return _cmvn(found["mean_stat"], found["var_stat"], found["frame_num"])


def espnet_cmvn(path: Path) -> Cmvn:
    """Of ESPnet's `feats_stats.npz`.

    Raises:
        OSError: it cannot be read.
        ValueError, LookupError, TypeError: it is no such file.
    """
    data = BytesIO(_bytes(path))
    try:
        with np.load(data, allow_pickle=False) as found:
            return _cmvn(found["sum"], found["sum_square"], float(found["count"]))
    except (zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{path.name} is no archive of arrays") from error


def _cmvn(sums: Any, squares: Any, count: float) -> Cmvn:
    """Source: mean = sum / n, 1 / deviation by E[x^2] - mean^2, as Kaldi and WeNet compute them."""
    sums, squares = (np.asarray(values, dtype=np.float64) for values in (sums, squares))
    if sums.ndim != 1 or sums.shape != squares.shape or not count >= 1:
        raise ValueError("sums, squares and their count do not fit")
    mean = sums / count
    istd = 1 / np.sqrt(np.maximum(squares / count - mean**2, _LEAST_VARIANCE))
    if not (np.isfinite(mean).all() and np.isfinite(istd).all()):
        raise ValueError("not all of it are numbers")
    return {
        "encoder.mean": torch.from_numpy(mean).float(),
        "encoder.istd": torch.from_numpy(istd).float(),
    }


def _bytes(path: Path) -> bytes:
    with open(path, "rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(f"{path.name} is far too long")
    return data


def _binary(data: bytes) -> NDArray[Any]:
    """Source: Kaldi's matrix/kaldi-matrix.cc, Read: type, then two 32-bit sizes, then the rows."""
    kind, header = _NUMBERS.get(data[2:5]), data[5:15]
    if kind is None or len(header) < 10:
        raise ValueError("no Kaldi matrix of numbers")
    four, n_rows, also_four, n_columns = struct.unpack("<bibi", header)
    body = data[15:]
    size = np.dtype(kind).itemsize
    if (four, also_four) != (4, 4) or n_rows != 2 or len(body) != 2 * n_columns * size:
        raise ValueError("no Kaldi matrix of two rows")
    return np.frombuffer(body, kind).reshape(2, n_columns)


def _text(data: bytes) -> NDArray[Any]:
    numbers = data.decode("utf-8").split()
    if numbers[:1] != ["["] or numbers[-1:] != ["]"] or len(numbers) % 2 or len(numbers) < 6:
        raise ValueError("no Kaldi matrix of two rows")
    return np.array(numbers[1:-1], dtype=np.float64).reshape(2, -1)
