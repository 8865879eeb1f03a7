"""python -m asr_core.bench MANIFEST --output FOLDER: see `--help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import get_args

from asr_core.bench.measure import Score, compare, faster_whisper, ours, read_manifest, write_texts
from asr_core.errors import AsrError
from asr_core.privacy import guard
from asr_core.settings import DecodeMode, Precision, Settings
from asr_core.text.vocabulary import read_lines

_PEER = "faster-whisper"


def main(arguments: list[str] | None = None) -> int:
    """Run the comparison; one NAME.jsonl a recognizer, which a scorer reads, and a table."""
    parser = argparse.ArgumentParser(prog="python -m asr_core.bench", description=__doc__)
    parser.add_argument("manifest", type=Path, help="a JSON object a line: id, file, duration_s")
    parser.add_argument("--output", type=Path, required=True, help="folder for the texts")
    parser.add_argument("--peer", action="store_true", help="faster-whisper in the same run")
    parser.add_argument("--only", default="", help="recordings whose id contains this")
    parser.add_argument("--rounds", type=int, default=1, help="the median of these is given")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--decode",
        nargs="+",
        choices=get_args(DecodeMode),
        default=["joint"],
        help="how ours decodes",
    )
    parser.add_argument(
        "--vocabulary", type=Path, help="names and terms for ours, a line each; see bench.terms"
    )
    parser.add_argument(
        "--precision", choices=get_args(Precision), default="auto", help="what ours computes in"
    )
    options = parser.parse_args(arguments)
    try:
        _run(options)
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace) -> None:
    items = [item for item in read_manifest(options.manifest) if options.only in item.id]
    if not items:
        raise AsrError(f"No recording of the manifest has {options.only!r} in its id.")
    options.output.mkdir(parents=True, exist_ok=True)
    vocabulary = read_lines(options.vocabulary) if options.vocabulary else ()
    settings = Settings(precision=options.precision, vocabulary=vocabulary)
    recognizers = ours(options.decode, settings, options.threads)
    if options.peer:
        recognizers[_PEER] = faster_whisper(options.output / "peer", options.threads)
    found: dict[str, list[Score]] = {name: [] for name in recognizers}
    for scores in compare(recognizers, items, options.rounds):
        for name, score in scores.items():
            found[name].append(score)
    for name, scores in found.items():
        write_texts(options.output / f"{name}.jsonl", scores)
        seconds = sum(score.median for score in scores)
        audio = sum(score.duration for score in scores)
        passes = sum(score.n_passes for score in scores)
        print(
            f"{name:15} {seconds:8.1f} s for {audio:.1f} s of sound ({seconds / audio:.4f}), "
            f"{passes} decoder passes"
        )
    if options.peer:
        peers = sum(score.median for score in found[_PEER])
        for name in options.decode:
            ratio = sum(score.median for score in found[name]) / peers
            print(f"{name:15} {ratio:8.2f} times the time of {_PEER}")


if __name__ == "__main__":
    guard.stand()
    sys.exit(main())
