"""python -m asr_core.bench.report MANIFEST TEXTS... : error rates, and how sure they are.

TEXTS are files that the benchmark wrote: a JSON object a line, id and text. Words count in English,
characters in Chinese, both in mixed text. Case, punctuation and script do not count; figures are
spelled out first (in mixed text in the language that fits better). Intervals are 95 % of a
bootstrap over utterances; with two files or more every one is compared with the first, on the same
samples.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asr_core.errors import AsrError
from asr_core.text.chinese import in_script
from asr_core.text.score import HAN, n_errors

_SAMPLES = 2000
_WORST = 10
_FIGURES = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(rf"{HAN}|(?:(?!{HAN})[^\s])+")


@dataclass(frozen=True, slots=True)
class Item:
    """One recording: its words, as they should be and as they were recognized."""

    id: str
    group: str
    reference: list[str]
    hypothesis: list[str]
    n_errors: int


def tokens(text: str, language: str, figures: str | None = None) -> list[str]:
    """What is compared.

    Args:
        language: "en", "zh", or anything else for both.
        figures: how figures in mixed text are read, "zh" or "en"; None: not at all.
    """
    text = in_script(unicodedata.normalize("NFKC", text).lower(), "simplified")
    text = text.replace("’", "'").replace("`", "'")
    spelled = language if language in ("en", "zh") else figures
    if spelled == "en":
        text = _english_figures(text)
    elif spelled == "zh":
        text = _chinese_figures(text)
    kept = (c if c == "'" or unicodedata.category(c)[0] in "LNM" else " " for c in text)
    text = re.sub(r"(?<![a-z])'|'(?![a-z])", " ", "".join(kept))
    found = _WORD.findall(text)
    return [c for word in found for c in word] if language == "zh" else found


def _english_figures(text: str) -> str:
    from num2words import num2words  # pyright: ignore[reportMissingImports]

    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"(\d+)%", r"\1 percent", text)
    text = re.sub(r"(\d+)(?:st|nd|rd|th)\b", lambda m: num2words(int(m[1]), to="ordinal"), text)
    return re.sub(r"\d+", lambda m: f" {num2words(int(m[0]))} ", text)


def _chinese_figures(text: str) -> str:
    import cn2an  # pyright: ignore[reportMissingImports]

    def year(found: re.Match[str]) -> str:
        return found[1].translate(str.maketrans("0123456789", "零一二三四五六七八九")) + "年"

    text = re.sub(r"(\d{4})年", year, text)
    text = re.sub(r"(\d+(?:\.\d+)?)%", r"百分之\1", text)
    return _FIGURES.sub(lambda m: cn2an.an2cn(m[0]) if len(m[0]) < 12 else m[0], text)


def recognized(manifest: Path, texts: Path) -> list[tuple[dict[str, Any], str]]:
    """The rows of a manifest that are there to be scored, each with what was heard, "" if nothing.

    The same sound in another format does not count again. Errors are those of reading.
    """
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    lines = [json.loads(line) for line in texts.read_text(encoding="utf-8").splitlines()]
    found = {line["id"]: line["text"] for line in lines}
    return [(row, found.get(row["id"], "")) for row in rows if not row.get("format_test")]


def read_items(manifest: Path, texts: Path) -> list[Item]:
    """Every recording of a manifest that is there to be scored; one without text is all wrong.

    Raises:
        AsrError: one of the files cannot be used, or the extra `bench` is missing.
    """
    try:
        return [_item(row, text) for row, text in recognized(manifest, texts)]
    except ImportError as error:
        raise AsrError(f"{error.name} is not installed; the extra `bench` brings it.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AsrError(
            f"{manifest.name} and {texts.name} cannot be compared ({error}). The first needs id, "
            "text and language on every line, the second id and text."
        ) from error


def _item(row: dict[str, Any], text: str) -> Item:
    language = row["language"]
    kind = "long" if row.get("long") else "synthetic" if row.get("synthetic") else "real"
    readings = (None,) if language in ("en", "zh") else ("zh", "en", None)
    pairs = [
        (tokens(row["text"], language, figures), tokens(text, language, figures))
        for figures in readings
    ]
    scored = [(n_errors(*pair), *pair) for pair in pairs]
    errors, reference, hypothesis = min(scored, key=lambda s: s[0] / max(1, len(s[1])))
    return Item(row["id"], f"{language} {kind}", reference, hypothesis, errors)


def resampled(items: list[Item], seed: int = 0) -> NDArray[np.float64]:
    """Error rates of as many utterances, drawn from these with replacement, many times."""
    counts = np.array([(item.n_errors, len(item.reference)) for item in items])
    drawn = np.random.default_rng(seed).integers(len(items), size=(_SAMPLES, len(items)))
    errors, n_tokens = counts[drawn].sum(axis=1).T
    return errors / np.maximum(1, n_tokens)


def rate(items: list[Item]) -> float:
    """Errors per token of the references."""
    return sum(i.n_errors for i in items) / max(1, sum(len(i.reference) for i in items))


def grouped(items: list[Item]) -> dict[str, list[Item]]:
    """By language and kind, and all of a language together."""
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        groups[item.group].append(item)
        groups[f"{item.group.split()[0]} all"].append(item)
    return dict(sorted(groups.items()))


def cell(items: list[Item]) -> str:
    """The error rate in % and its interval."""
    if not items:
        return ""
    low, high = 100 * np.quantile(resampled(items), (0.025, 0.975))
    sure = f"[{low:.1f}, {high:.1f}]" if len(items) > 1 else ""
    return f"{100 * rate(items):6.2f} {sure}"


def _difference(items: list[Item], base: list[Item]) -> str:
    """How much lower or higher than the first file's, and whether chance would explain it."""
    if len(items) < 2:
        return ""
    low, high = 100 * np.quantile(resampled(items) - resampled(base), (0.025, 0.975))
    verdict = "" if low <= 0 <= high else " *"
    return f"{100 * (rate(items) - rate(base)):+6.2f} [{low:+.1f}, {high:+.1f}]{verdict}"


def main(arguments: list[str] | None = None) -> int:
    """Print the tables and the worst utterances of the last file."""
    parser = argparse.ArgumentParser(
        prog="python -m asr_core.bench.report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("texts", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    try:
        files = {str(path): grouped(read_items(options.manifest, path)) for path in options.texts}
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    first, *others = files
    for name, groups in files.items():
        print(f"{name}: error rate, %")
        for group, items in groups.items():
            n_tokens = sum(len(item.reference) for item in items)
            print(f"  {group:14} {cell(items):24} {len(items):4} utterances, {n_tokens} tokens")
    for name in others:
        print(f"{name} less {first}; * is more than chance")
        for group, items in files[name].items():
            print(f"  {group:14} {_difference(items, files[first][group])}")
    last = {item.id: item for items in files[[*files][-1]].values() for item in items}
    worst = sorted(last.values(), key=lambda item: item.n_errors / max(1, len(item.reference)))
    for item in worst[: -_WORST - 1 : -1]:
        print(f"{item.id}: {item.n_errors} of {len(item.reference)}")
        print(
            f"  said  {' '.join(item.reference)[:120]}\n  heard {' '.join(item.hypothesis)[:120]}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
