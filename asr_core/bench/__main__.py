"""python -m asr_core.bench MANIFEST --output FOLDER: see `--help`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import get_args

from asr_core.bench.measure import Score, compare, faster_whisper, ours, read_manifest
from asr_core.errors import AsrError
from asr_core.settings import Precision, Settings


def main(arguments: list[str] | None = None) -> int:
    """Run the comparison; one NAME.jsonl a recognizer, which a scorer reads, and a table."""
    parser = argparse.ArgumentParser(prog="python -m asr_core.bench", description=__doc__)
    parser.add_argument("manifest", type=Path, help="a JSON object a line: id, file, duration_s")
    parser.add_argument("--output", type=Path, required=True, help="folder for the texts")
    parser.add_argument("--peer", action="store_true", help="faster-whisper in the same run")
    parser.add_argument("--only", default="", help="recordings whose id contains this")
    parser.add_argument("--rounds", type=int, default=1, help="the median of these is given")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--decode", default="joint", help="how ours decodes")
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
    settings = Settings(decode=options.decode, precision=options.precision)
    recognizers = {"ours": ours(settings, options.threads)}
    if options.peer:
        recognizers["faster-whisper"] = faster_whisper(options.output / "peer", options.threads)
    found: dict[str, list[Score]] = {name: [] for name in recognizers}
    for scores in compare(recognizers, items, options.rounds):
        for name, score in scores.items():
            found[name].append(score)
    for name, scores in found.items():
        _write(options.output / f"{name}.jsonl", scores)
        seconds = sum(score.median for score in scores)
        audio = sum(score.duration for score in scores)
        print(f"{name:15} {seconds:8.1f} s for {audio:.1f} s of sound ({seconds / audio:.3f})")
    if options.peer:
        ours_s, peers_s = (sum(s.median for s in found[name]) for name in recognizers)
        print(f"ratio           {ours_s / peers_s:8.2f}   ours / faster-whisper")


def _write(path: Path, scores: list[Score]) -> None:
    lines = (
        json.dumps({"id": s.id, "text": s.text, "seconds": round(s.median, 3)}, ensure_ascii=False)
        for s in scores
    )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
