"""Error rates of recognized texts, and how sure they are.

Words count in English (WER), characters in Chinese (CER), both in mixed text (MER). Case,
punctuation and script do not count; figures are spelled out first, in mixed text in the language
that fits better. Tokens and rates are those of jiwer on the same tokens. Intervals are 95 % of a
bootstrap over recordings; of two rows the same samples are compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from asr_core.bench.figures import chinese_figures, english_figures
from asr_core.bench.manifest import Recording
from asr_core.text.chinese import in_script
from asr_core.text.score import HAN

FEWEST = 10  # recordings that a difference is called sure of; a bootstrap of fewer is too narrow

_SAMPLES = 2000
_WORD = re.compile(rf"{HAN}|(?:(?!{HAN})[^\s])+")


@dataclass(frozen=True, slots=True)
class Scored:
    """One recording: its tokens, as they should be and as they were recognized."""

    id: str
    language: str
    category: str
    reference: list[str]
    hypothesis: list[str]
    substitutions: int
    deletions: int
    insertions: int

    @property
    def n_errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """Errors per token of the reference; of an empty one every insertion counts whole."""
        return self.n_errors / max(1, len(self.reference))


@dataclass(frozen=True, slots=True)
class Difference:
    """How much higher an error rate is than another of the same recordings."""

    rate: float
    low: float  # 95 % interval
    high: float
    p: float  # two-sided, that chance alone makes it differ
    n: int  # recordings

    @property
    def is_sure(self) -> bool:
        return self.n >= FEWEST and (self.low > 0 or self.high < 0)


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
        text = english_figures(text)
    elif spelled == "zh":
        text = chinese_figures(text)
    kept = (c if c == "'" or unicodedata.category(c)[0] in "LNM" else " " for c in text)
    text = re.sub(r"(?<![a-z])'|'(?![a-z])", " ", "".join(kept))
    found = _WORD.findall(text)
    return [c for word in found for c in word] if language == "zh" else found


def scored(recording: Recording, text: str) -> Scored:
    """A recording with what was heard in it; of the readings of figures the one that fits best."""
    language = recording.language
    readings = (None,) if language in ("en", "zh") else ("zh", "en", None)
    tries = [
        _compared(recording, *(tokens(t, language, figures) for t in (recording.text, text)))
        for figures in readings
    ]
    return min(tries, key=lambda found: found.rate)


def _compared(recording: Recording, reference: list[str], hypothesis: list[str]) -> Scored:
    kinds = [edit.tag for edit in Levenshtein.editops(reference, hypothesis)]
    counts = (kinds.count(kind) for kind in ("replace", "delete", "insert"))
    about = (recording.id, recording.language, recording.category)
    return Scored(*about, reference, hypothesis, *counts)


def grouped(items: Iterable[Scored]) -> dict[str, list[Scored]]:
    """By language, by language and category, and all of them together."""
    groups: dict[str, list[Scored]] = defaultdict(list)
    for item in items:
        for name in ("all", item.language, f"{item.language} {item.category}"):
            groups[name].append(item)
    return dict(sorted(groups.items(), key=lambda group: (group[0] == "all", group[0])))


def rate(items: Sequence[Scored]) -> float:
    """Errors per token of the references."""
    return sum(i.n_errors for i in items) / max(1, sum(len(i.reference) for i in items))


def resampled(items: Sequence[Scored], seed: int = 0) -> NDArray[np.float64]:
    """Error rates of as many recordings, drawn from these with replacement, many times.

    Source: Bisani and Ney 2004, Bootstrap estimates for confidence intervals in ASR evaluation.
    """
    counts = np.array([(item.n_errors, len(item.reference)) for item in items])
    drawn = np.random.default_rng(seed).integers(len(items), size=(_SAMPLES, len(items)))
    errors, n_tokens = counts[drawn].sum(axis=1).T
    return errors / np.maximum(1, n_tokens)


def interval(items: Sequence[Scored]) -> tuple[float, float] | None:
    """95 % of the bootstrap; None of a single recording, which says nothing about others."""
    if len(items) < 2:
        return None
    low, high = np.quantile(resampled(items), (0.025, 0.975))
    return float(low), float(high)


def shown(items: Sequence[Scored], digits: int = 2) -> str:
    """The error rate in percent, with its interval where there is one; of nothing, nothing."""
    return percent(rate(items), interval(items), digits) if items else ""


def percent(found: float, around: tuple[float, float] | None, digits: int = 2) -> str:
    """A rate in percent, its interval in brackets."""
    number = f"{100 * found:.{digits}f}"
    return number if around is None else f"{number} [{100 * around[0]:.1f}, {100 * around[1]:.1f}]"


def difference(items: Sequence[Scored], base: Sequence[Scored]) -> Difference | None:
    """How much higher the rate is than that of `base`, the same recordings in the same order.

    Source: Bisani and Ney 2004, section 4: the difference on the same bootstrap samples.
    """
    if len(items) < 2:
        return None
    found = resampled(items) - resampled(base)
    low, high = np.quantile(found, (0.025, 0.975))
    tail = min(np.mean(found <= 0), np.mean(found >= 0))
    p = min(1.0, 2 * max(float(tail), 1 / _SAMPLES))
    return Difference(rate(items) - rate(base), float(low), float(high), p, len(items))
