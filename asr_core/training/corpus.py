"""Manifests of recordings with text -> utterances, and their sound out of a cache."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.decode import open_recording
from asr_core.errors import AsrError
from asr_core.training.targets import is_sentence, is_tidy


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of a recording and what is said in it.

    Attributes:
        file: the recording.
        start: seconds into it.
        duration: seconds.
        language: "zh", "en" or "mixed".
        is_synthetic: spoken by a program.
    """

    id: str
    file: Path
    start: float
    duration: float
    text: str
    language: str
    speaker: str
    is_synthetic: bool


def read_corpus(manifests: Iterable[Path], unlabelled: bool = False) -> list[Utterance]:
    """The utterances of manifests that have text.

    A manifest is a JSON object a line: id, file (relative to it), text, language; and if the
    recording holds more than the utterance offset_s, duration_s; speaker and synthetic if known.

    Args:
        unlabelled: those without text, too, as "".

    Raises:
        AsrError: a manifest cannot be read, or none has an utterance.
    """
    found: list[Utterance] = []
    for path in manifests:
        try:
            with open(path, encoding="utf-8") as lines:
                rows = [json.loads(line) for line in lines]
            found += [
                Utterance(
                    id=row["id"],
                    file=(path.parent / row["file"]).absolute(),
                    start=row.get("offset_s", 0.0),
                    duration=row["duration_s"],
                    text=row.get("text") or "",
                    language=row["language"],
                    speaker=row.get("speaker", ""),
                    is_synthetic=row.get("synthetic", False),
                )
                for row in rows
                if (row.get("text") or unlabelled)
                and not row.get("format_test")  # the same sound once more
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AsrError(
                f"{path} is not a manifest to train on ({error}). It needs a JSON object a line: "
                "id, file, duration_s, text, language."
            ) from error
    if not found:
        raise AsrError("The manifests have no utterance with text; there is nothing to learn from.")
    return found


def group_of(utterance: Utterance) -> str:
    """The kind of an utterance: "zh-real", "mixed-synthetic", "en-real-words" ..."""
    kind = "synthetic" if utterance.is_synthetic else "real"
    if not is_tidy(utterance.text) and not is_sentence(utterance.text, utterance.language):
        kind += "-words"
    return f"{utterance.language}-{kind}"


def split_by_speaker(
    utterances: Sequence[Utterance], share: float, seed: int = 0
) -> tuple[list[Utterance], list[Utterance]]:
    """Utterances to train on, and those of about `share` of the speakers to validate with.

    Of a speaker who says more than a quarter of a group there are too few others to hold back: a
    share of the utterances themselves goes, by their ids.
    """
    groups: dict[str, dict[str, float]] = {}
    for u in utterances:
        speakers = groups.setdefault(group_of(u), {})
        speakers[u.speaker] = speakers.get(u.speaker, 0.0) + u.duration

    def is_held_back(u: Utterance) -> bool:
        speakers = groups[group_of(u)]
        is_large = speakers[u.speaker] > 0.25 * sum(speakers.values())
        return _lot(u.id if is_large else u.speaker, seed) < share

    return (
        [u for u in utterances if not is_held_back(u)],
        [u for u in utterances if is_held_back(u)],
    )


def _lot(name: str, seed: int) -> float:
    """A number in [0, 1) that a name always draws."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


class SoundCache:
    """Sound of utterances at 16 kHz mono; every recording is decoded once, into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[Path, NDArray[np.int16]] = {}

    def waveform(self, utterance: Utterance) -> NDArray[np.float32]:
        """(N,) float32 of an utterance.

        Raises:
            AsrError: its recording cannot be decoded, or ends before it.
        """
        samples = self._samples(utterance.file)
        first = round(utterance.start * SAMPLE_RATE)
        n_samples = round(utterance.duration * SAMPLE_RATE)
        if first + n_samples > len(samples) + SAMPLE_RATE // 10:
            raise AsrError(
                f"The utterance {utterance.id} ends at {utterance.start + utterance.duration:.1f} "
                f"s, but {utterance.file.name} after {len(samples) / SAMPLE_RATE:.1f} s."
            )
        return samples[first : first + n_samples].astype(np.float32) / 32768.0

    def _samples(self, file: Path) -> NDArray[np.int16]:
        if file not in self._open:
            kept = self._folder / f"{_digest(file)}.npy"
            if not kept.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                partial = kept.with_suffix(f".{os.getpid()}.npy")
                np.save(partial, _decoded(file))
                partial.replace(kept)
            self._open[file] = np.load(kept, mmap_mode="r")
        return self._open[file]


def _decoded(file: Path) -> NDArray[np.int16]:
    with open_recording(file, file.name) as recording:
        blocks = [(block * 32767).clip(-32768, 32767).astype(np.int16) for block in recording]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.int16)


def _digest(file: Path) -> str:
    try:
        state = file.stat()
    except OSError as error:
        raise AsrError(f"The recording {file} of the manifest is not there.") from error
    key = f"{file}/{state.st_size}/{state.st_mtime_ns}"
    return hashlib.blake2b(key.encode(), digest_size=12).hexdigest()
