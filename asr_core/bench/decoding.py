"""python -m asr_core.bench.decoding MANIFEST --output FOLDER: the ways to decode, in one table.

Error rates by language with 95 % intervals, as asr_core.bench.report has them; the share of real
time it takes; passes of the attention decoder. Every recording is decoded in all ways in turn.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from asr_core.bench.measure import Score, compare, ours, read_manifest, write_texts
from asr_core.bench.report import cell, grouped, read_items
from asr_core.errors import AsrError
from asr_core.privacy import guard
from asr_core.settings import DecodeMode, Settings

_LANGUAGES = ("en", "zh", "mix")


def table(manifest: Path, folder: Path, found: dict[str, list[Score]]) -> str:
    """Markdown, a line a way to decode.

    Args:
        folder: holds their texts, NAME.jsonl.
        found: by name.

    Raises:
        AsrError: the manifest or a text cannot be used.
    """
    lines = [
        "| decode | " + " | ".join(f"{language}, %" for language in _LANGUAGES) + " | "
        "real-time factor | decoder passes |",
        "|---" * (len(_LANGUAGES) + 3) + "|",
    ]
    for name, scores in found.items():
        groups = grouped(read_items(manifest, folder / f"{name}.jsonl"))
        rates = [cell(groups.get(f"{language} all", [])).strip() for language in _LANGUAGES]
        seconds = sum(score.median for score in scores)
        share = seconds / sum(score.duration for score in scores)
        passes = sum(score.n_passes for score in scores)
        lines.append(f"| {name} | {' | '.join(rates)} | {share:.4f} | {passes} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Decode everything in every way; the texts and the table go to a folder."""
    parser = argparse.ArgumentParser(
        prog="python -m asr_core.bench.decoding",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("manifest", type=Path, help="also text and language on every line")
    parser.add_argument("--output", type=Path, required=True, help="folder for texts and table")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    try:
        items = read_manifest(options.manifest)
        recognizers = ours(get_args(DecodeMode), Settings(), options.threads)
        found: dict[str, list[Score]] = {name: [] for name in recognizers}
        for scores in compare(recognizers, items, 1):
            for name, score in scores.items():
                found[name].append(score)
        options.output.mkdir(parents=True, exist_ok=True)
        for name, scores in found.items():
            write_texts(options.output / f"{name}.jsonl", scores)
        made = table(options.manifest, options.output, found)
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    (options.output / "decoding.md").write_text(made + "\n", encoding="utf-8")
    print(made)
    return 0


if __name__ == "__main__":
    guard.stand()
    sys.exit(main())
