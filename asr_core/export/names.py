"""Names for the files a transcript is saved in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

# Letters that steer a terminal or turn the reading direction, and those Windows does not allow.
_FORBIDDEN = re.compile(
    r'[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff<>:"/\\|?*]'
)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST = 60  # characters; 60 of the widest in UTF-8 still leave room for a number and an ending


def suggested_name(name: str, format: str) -> str:
    """A file name safe on every system: "talk.m4a" and "srt" give "talk.srt"."""
    base = PureWindowsPath(PurePosixPath(name).name).name
    stem = PurePosixPath(base).stem if not base.startswith(".") else base
    stem = _FORBIDDEN.sub("", stem).strip(" .")[:_LONGEST].strip(" .")
    if not stem or _RESERVED.fullmatch(stem):
        stem = f"recording {stem}".strip()
    return f"{stem}.{format}"


def distinct_paths(
    folder: Path, names: Sequence[str], format: str, taken: Sequence[Path]
) -> list[Path]:
    """One path in `folder` for each of `names`; those that would meet get a number.

    Args:
        taken: files that must not be written to, such as the recordings themselves.
    """
    used = {_identity(path) for path in taken}
    paths = []
    for name in names:
        first = folder / suggested_name(name, format)
        path, number = first, 2
        while _identity(path) in used:
            path = first.with_name(f"{first.stem}-{number}{first.suffix}")
            number += 1
        used.add(_identity(path))
        paths.append(path)
    return paths


def _identity(path: Path) -> str:
    """The same for two paths to one file, also where the file system ignores case."""
    return str(path.resolve()).casefold()
