"""python -m asr_core.bench.terms MANIFEST LIST TEXTS... : error rate of listed names and terms.

LIST has a term a line, as `--vocabulary` takes it. TEXTS are files that the benchmark wrote. A term
counts once for every time it is said; case and script do not count. The error rate is the terms
missed and those written though nobody said them, per term said.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asr_core.bench.manifest import read_recordings
from asr_core.errors import AsrError
from asr_core.text.score import scored_tokens
from asr_core.text.vocabulary import Vocabulary, read_lines

_MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Found:
    """How often listed terms were said, written, and written where they were said."""

    said: Counter[str]
    written: Counter[str]
    right: Counter[str]

    @property
    def recall(self) -> float:
        return self.right.total() / max(1, self.said.total())

    @property
    def precision(self) -> float:
        return self.right.total() / max(1, self.written.total())

    @property
    def error_rate(self) -> float:
        n_wrong = self.said.total() + self.written.total() - 2 * self.right.total()
        return n_wrong / max(1, self.said.total())


def found_terms(vocabulary: Vocabulary, pairs: Sequence[tuple[str, str]]) -> Found:
    """Count the terms in (reference, hypothesis) of every recording."""
    found = Found(Counter(), Counter(), Counter())
    terms = {term.text: scored_tokens(term.text) for term in vocabulary.terms}
    for texts in pairs:
        reference, hypothesis = (scored_tokens(text) for text in texts)
        for name, term in terms.items():
            n_said, n_written = _count(reference, term), _count(hypothesis, term)
            found.said[name] += n_said
            found.written[name] += n_written
            found.right[name] += min(n_said, n_written)
    return found


def _count(words: list[str], term: list[str]) -> int:
    places = range(len(words) - len(term) + 1)
    return sum(words[i : i + len(term)] == term for i in places) if term else 0


def main(arguments: list[str] | None = None) -> int:
    """Print a line a file, and the terms that were missed or made up."""
    parser = argparse.ArgumentParser(
        prog="python -m asr_core.bench.terms",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("list", type=Path)
    parser.add_argument("texts", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    try:
        vocabulary = Vocabulary.parse(read_lines(options.list))
        for path in options.texts:
            found = found_terms(vocabulary, _pairs(options.manifest, path))
            print(
                f"{path}: terms said {found.said.total()}, error rate {100 * found.error_rate:.1f} "
                f"%, recall {100 * found.recall:.1f} %, precision {100 * found.precision:.1f} %"
            )
            for name, wrong in (("missed", found.said), ("made up", found.written)):
                shown = (wrong - found.right).most_common(_MOST_SHOWN)
                print(f"  {name}: {', '.join(f'{term} {n}' for term, n in shown) or 'none'}")
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


def _pairs(manifest: Path, texts: Path) -> list[tuple[str, str]]:
    """What was said and what was heard, "" if nothing."""
    recordings = read_recordings(manifest)
    try:
        lines = [json.loads(line) for line in texts.read_text(encoding="utf-8").splitlines()]
        heard = {line["id"]: str(line["text"]) for line in lines}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AsrError(
            f"{texts.name!r} has no texts of the benchmark ({error}). It needs id and text on "
            "every line."
        ) from error
    return [(recording.text, heard.get(recording.id, "")) for recording in recordings]


if __name__ == "__main__":
    sys.exit(main())
