"""A model that was carried here, in a folder or an archive: what files it holds, read one by one.

Nothing of it is trusted: names stay in the folder they are put into, links and devices are refused,
and no file may be longer than it says.
"""

from __future__ import annotations

import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from asr_core.errors import AsrError, ModelError
from asr_core.store.shelf import checked_path

MOST_FILES = 10_000
_DEVELOPERS = ("__MACOSX", ".git", ".cache", ".DS_Store")  # not the model's: left behind

_BROKEN = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, RuntimeError, struct.error),
)

Opener = Callable[[], IO[bytes]]


class UnfitError(AsrError):
    """Why something is not taken, in words for the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of what was carried here."""

    path: str  # in the model, with "/"
    size: int
    open: Opener


@contextmanager
def pieces_of(path: Path) -> Iterator[list[Piece]]:
    """The files of a folder, a ZIP or a TAR archive, in the order in which they lie there.

    A GGUF file is a model by itself.

    An archive whose files all lie in one folder is taken for that folder.

    Raises:
        ModelError: it is none of these, is damaged, or holds what is not taken.
    """
    try:
        if path.is_dir():
            yield _checked(path.name, _in_folder(path))
        elif path.is_file() and path.suffix == ".gguf":
            yield _checked(path.name, iter([_piece(path.name, path)]))
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield _checked(path.name, _without_root(_in_zip(archive)))
        elif path.is_file() and tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                yield _checked(path.name, _without_root(_in_tar(archive)))
        else:
            raise ModelError(
                f"{path.name!r} is no folder, no ZIP or TAR archive and no GGUF file. Give the "
                "folder of a model."
            )
    except _BROKEN as error:
        raise ModelError(_damaged(path, error)) from None
    except OSError as error:
        if error.errno is not None:
            raise  # of the disk; without a number it is a decompressor's
        raise ModelError(_damaged(path, error)) from None
    except UnfitError as error:
        raise ModelError(
            f"{path.name!r} is not taken: {error}. Get the model from where it was made."
        ) from None


def _checked(name: str, pieces: Iterator[Piece]) -> list[Piece]:
    found: dict[str, Piece] = {}
    for piece in pieces:
        try:
            key = checked_path(piece.path).lower()  # some systems take A and a for one
        except ValueError:
            raise UnfitError(f"{piece.path!r} would not stay in its folder") from None
        if key in found:
            raise UnfitError(f"it holds {piece.path!r} twice")
        found[key] = piece
        if len(found) > MOST_FILES:
            raise UnfitError(f"it holds more than {MOST_FILES} files")
    if not found:
        raise ModelError(f"{name!r} holds no files. Give the folder of a model.")
    return list(found.values())


def _in_folder(folder: Path) -> Iterator[Piece]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if _is_left(name):
            continue
        if path.is_symlink():
            raise UnfitError(f"{name!r} is a link (copy it as a file first)")
        if path.is_file():
            yield _piece(name, path)


def _piece(name: str, path: Path) -> Piece:
    return Piece(name, path.stat().st_size, partial(open, path, "rb"))


def _in_zip(archive: zipfile.ZipFile) -> Iterator[Piece]:
    for member in archive.infolist():
        kind = stat.S_IFMT(member.external_attr >> 16)
        if member.is_dir() or _is_left(member.filename):
            continue
        if kind not in (0, stat.S_IFREG):
            raise UnfitError(f"{member.filename!r} is a link or a device")
        yield Piece(member.filename, member.file_size, partial(archive.open, member))


def _in_tar(archive: tarfile.TarFile) -> Iterator[Piece]:
    for member in archive:
        name = member.name.removeprefix("./")
        if member.isdir() or _is_left(name):
            continue
        if not member.isreg():
            raise UnfitError(f"{name!r} is a link or a device")
        yield Piece(name, member.size, partial(_extracted, archive, member))


def _extracted(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    assert file is not None, "only regular files are listed"
    return file


def _without_root(pieces: Iterator[Piece]) -> Iterator[Piece]:
    listed = list(pieces)
    roots = {piece.path.partition("/")[0] for piece in listed}
    nested = all("/" in piece.path for piece in listed)
    if len(roots) != 1 or not nested or roots & {"..", ""}:
        return iter(listed)
    return (Piece(piece.path.partition("/")[2], piece.size, piece.open) for piece in listed)


def _damaged(path: Path, error: Exception) -> str:
    kind = type(error).__name__
    return f"The archive {path.name!r} is damaged or encrypted ({kind}). Copy it again."


def _is_left(name: str) -> bool:
    return any(part in _DEVELOPERS for part in name.split("/"))
