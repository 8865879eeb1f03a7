"""Which recordings are measured, and what is said in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asr_core.audio import EXTENSIONS
from asr_core.errors import AsrError
from asr_core.result import Label, Segment
from asr_core.text.language import language_shares

_LANGUAGES: dict[Label, str] = {"zh": "zh", "en": "en"}  # all else counts as both, mixed


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording and its true text.

    Attributes:
        language: "en", "zh", "mix", or another code.
        duration: seconds, if the manifest says; None otherwise.
    """

    id: str
    path: Path
    text: str
    language: str
    category: str
    duration: float | None
    n_bytes: int


def read_recordings(source: Path) -> list[Recording]:
    """The recordings of a manifest, or those of a folder that have a .txt of their name beside.

    A manifest has a JSON object a line: id, file (relative to the manifest), text, and as far as
    known language, category and duration_s. What is marked `format_test`, the same sound in another
    format, is left out.

    Raises:
        AsrError: there is nothing to measure, or a line or a file cannot be used.
    """
    found = _of_folder(source) if source.is_dir() else _of_manifest(source)
    if not found:
        raise AsrError(
            f"{source.name!r} has no recording with its text. Give a folder with audio and a .txt "
            "of the same name beside each, or a manifest with a JSON object a line."
        )
    ids = [recording.id for recording in found]
    twice = next((id for id in ids if ids.count(id) > 1), None)
    if twice is not None:
        raise AsrError(f"{source.name!r} has the id {twice!r} twice. Give each recording its own.")
    return found


def _of_manifest(path: Path) -> list[Recording]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise AsrError(f"Cannot read the manifest {path.name!r}: {reason}.") from None
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not row.get("format_test"):
                found.append(_of_row(row, path.parent))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise AsrError(
                f"Line {number} of the manifest {path.name!r} cannot be used. It needs a JSON "
                "object with id, file and text."
            ) from None
    return found


def _of_row(row: dict[str, Any], folder: Path) -> Recording:
    kind = "long" if row.get("long") else "synthetic" if row.get("synthetic") else "real"
    duration = row.get("duration_s")
    return _recording(
        str(row["id"]),
        folder / row["file"],
        row["text"],
        row.get("language"),
        str(row.get("category", kind)),
        None if duration is None else float(duration),
    )


def _of_folder(folder: Path) -> list[Recording]:
    found = []
    for path in sorted(folder.rglob("*")):
        beside = path.with_suffix(".txt")
        if path.suffix.lower().lstrip(".") in EXTENSIONS and beside.is_file():
            try:
                text = beside.read_text(encoding="utf-8-sig")
            except (OSError, ValueError):
                raise AsrError(f"Cannot read {beside.name!r}. Save it as UTF-8 text.") from None
            name = path.relative_to(folder)
            category = name.parent.as_posix() if name.parent.name else "all"
            found.append(_recording(name.as_posix(), path, text, None, category, None))
    return found


def _recording(
    id: str, path: Path, text: str, language: str | None, category: str, duration: float | None
) -> Recording:
    if not isinstance(text, str):
        raise TypeError(text)
    if language is None:
        shares = language_shares([Segment(0.0, 0.0, "zh", text, 1.0)])
        language = _LANGUAGES.get(shares.label, "mix")
    language = "mix" if language == "mixed" else str(language)
    try:
        n_bytes = path.stat().st_size
    except OSError as error:
        raise AsrError(f"Cannot read the recording {path.name!r}: {error.strerror}.") from None
    return Recording(id, path, text, language, category, duration, n_bytes)
