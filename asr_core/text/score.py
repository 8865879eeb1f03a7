"""Error rates: words of English, characters of Chinese, both in mixed text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from asr_core.settings import Tidy
from asr_core.text.chinese import in_script

SCORED = Tidy(case=False, numbers=False)  # how what was heard is written to be compared
HAN = r"[\u3400-\u9fff\U00020000-\U0003ffff]"
_TOKEN = re.compile(rf"{HAN}|(?:(?!{HAN})[^\W_]|')+")


def scored_tokens(text: str) -> list[str]:
    """What an error rate counts: Han characters one by one, other words, in lower case.

    Punctuation and case do not count, traditional characters count as simplified ones. Figures
    stay figures: who compares spoken with written ones must spell them out first.
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    found = _TOKEN.findall(in_script(plain, "simplified"))
    return [token for whole in found if (token := whole.strip("'"))]


def n_errors(reference: Sequence[str], hypothesis: Sequence[str]) -> int:
    """Fewest substitutions, deletions and insertions that make one the other.

    Source: Wagner and Fischer 1974, The String-to-String Correction Problem.
    """
    ids: dict[str, int] = {}
    ref = np.array([ids.setdefault(t, len(ids)) for t in reference], np.int64)
    hyp = [ids.setdefault(t, len(ids)) for t in hypothesis]
    at = np.arange(len(ref) + 1)
    row = at.copy()
    for n, token in enumerate(hyp, start=1):
        best = np.empty_like(row)
        best[0] = n
        best[1:] = np.minimum(row[:-1] + (ref != token), row[1:] + 1)
        row = np.minimum.accumulate(best - at) + at  # deletions: a step right costs one
    return int(row[-1])


def error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Errors per token of the references, 0..; 0 when there are none."""
    pairs = [
        (scored_tokens(reference), scored_tokens(hypothesis))
        for reference, hypothesis in zip(references, hypotheses, strict=True)
    ]
    n_tokens = sum(len(reference) for reference, _ in pairs)
    return sum(n_errors(*pair) for pair in pairs) / max(1, n_tokens)
