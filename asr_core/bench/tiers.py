"""python -m asr_core.bench.tiers MANIFEST --output FOLDER: a fast model, a careful one, and both.

Error rates as `sottovoce bench` has them, seconds, and the share of segments that are read again,
at every threshold. Every recording is recognized in all ways in turn, so that a busy machine hits
all of them; both models are loaded and warm.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import get_args

import torch

from asr_core.bench import own
from asr_core.bench.accuracy import Scored, grouped, scored, shown
from asr_core.bench.manifest import Recording, read_recordings
from asr_core.engines import Engine, load_engine
from asr_core.engines.tiers import TieredEngine
from asr_core.errors import AsrError
from asr_core.privacy import guard
from asr_core.result import Transcript
from asr_core.settings import Precision, Settings
from asr_core.text.score import SCORED
from asr_core.text.tidy import tidied

_LANGUAGES = ("en", "zh", "mix", "all")


@dataclass
class Way:
    """A line of the table."""

    name: str
    engine: Engine
    settings: Settings
    scored: list[Scored] = field(default_factory=list)
    seconds: float = 0.0
    n_segments: int = 0
    n_redone: int = 0


def ways(settings: Settings, thresholds: Sequence[float]) -> list[Way]:
    """The first model alone, both with every threshold, the second alone."""
    first, second = load_engine(settings.of_first), load_engine(settings.of_second)
    both = TieredEngine(first, lambda: second)
    tiers = [
        Way(f"both, {below:g}", both, replace(settings, second_below=below)) for below in thresholds
    ]
    return [
        Way(f"first, {settings.precision}", first, settings.of_first),
        *tiers,
        Way(f"second, {settings.second_precision}", second, settings.of_second),
    ]


def measure(
    ways: Sequence[Way], recordings: Sequence[Recording], n_rounds: int
) -> Iterator[Recording]:
    """Every recording in every way, in turn; the ways note what came of it, then it is given."""
    shortest = min(recordings, key=lambda recording: recording.n_bytes)
    for way in ways:  # warm
        _heard(way, shortest.path)
    for recording in recordings:
        seconds: dict[str, list[float]] = {way.name: [] for way in ways}
        heard: dict[str, Transcript] = {}
        for _ in range(n_rounds):
            for way in ways:
                began = perf_counter()
                heard[way.name] = _heard(way, recording.path)
                seconds[way.name].append(perf_counter() - began)
        for way in ways:
            found = heard[way.name]
            way.scored.append(scored(recording, tidied(found, SCORED).text))
            way.seconds += statistics.median(seconds[way.name])
            way.n_segments += len(found.segments)
            way.n_redone += sum(segment.redone for segment in found.segments)
        yield recording


def _heard(way: Way, path: Path) -> Transcript:
    return own.transcript(path, path.name, way.engine, way.settings)


def table(ways: Sequence[Way]) -> str:
    """Markdown, a line a way."""
    lines = [
        "| way | " + " | ".join(f"{language}, %" for language in _LANGUAGES) + " | "
        "segments read again | seconds |",
        "|---" * (len(_LANGUAGES) + 3) + "|",
    ]
    for way in ways:
        groups = grouped(way.scored)
        rates = " | ".join(shown(groups.get(language, []), 1) for language in _LANGUAGES)
        redone = f"{way.n_redone} of {way.n_segments}"
        lines.append(f"| {way.name} | {rates} | {redone} | {way.seconds:.1f} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Recognize everything in every way; the table so far is always in the folder."""
    parser = argparse.ArgumentParser(
        prog="python -m asr_core.bench.tiers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("manifest", type=Path, help="also text and language on every line")
    parser.add_argument("--output", type=Path, required=True, help="folder for the table")
    models = ("sottovoce-base", "sottovoce-base")
    parser.add_argument("--models", nargs=2, default=models, metavar=("FIRST", "SECOND"))
    parser.add_argument(
        "--precisions", nargs=2, choices=get_args(Precision), default=("int4", "auto")
    )
    parser.add_argument("--below", nargs="+", type=float, default=[Settings().second_below])
    parser.add_argument(
        "--sample", type=int, metavar="N", help="of the recordings; all if not given"
    )
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    try:
        settings = Settings(
            engine=options.models[0],
            precision=options.precisions[0],
            second_engine=options.models[1],
            second_precision=options.precisions[1],
        )
        recordings = read_recordings(options.manifest)
        n = min(options.sample or len(recordings), len(recordings))
        recordings = random.Random(0).sample(recordings, n)
        compared = ways(settings, options.below)
        options.output.mkdir(parents=True, exist_ok=True)
        for done, _ in enumerate(measure(compared, recordings, options.rounds), start=1):
            written = f"{done} of {n} recordings\n\n{table(compared)}\n"
            (options.output / "tiers.md").write_text(written, encoding="utf-8")
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(table(compared))
    return 0


if __name__ == "__main__":
    guard.stand()
    sys.exit(main())
