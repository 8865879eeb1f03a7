"""What a decoder writes and nobody said: CTC hears nothing of it in any frame."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

import torch
from torch import Tensor

from asr_core.engines.stock_phrases import CREDITS, REMARKS
from asr_core.search.types import Hypothesis
from asr_core.text.chinese import in_script
from asr_core.text.score import HAN
from asr_core.text.tokenizer import Tokenizer, TokenWord

NOTHING = Hypothesis((), 0.0, (), ended=True)

# The mean log posterior of CTC's units below which they are not in the sound. Of 98 held-back
# sentences none lies below -9.0, of texts nobody said 90 % do.
NO_EVIDENCE = -9.0

_BLANK = 0
_CREDITS = [re.compile(pattern) for pattern in CREDITS]
_REMARKS = [re.compile(pattern) for pattern in REMARKS]
_HAN = re.compile(HAN)


def without_silence(
    hypotheses: Sequence[Hypothesis], best: Tensor, lengths: Tensor
) -> list[Hypothesis]:
    """Where CTC takes every frame for a blank nothing is said.

    Of 259 held-back recordings, single words among them, it takes none for nothing; of noise,
    hum, music and typing all.

    Args:
        best: (B, T'') CTC's likeliest unit of every frame.
        lengths: (B,) frames.
    """
    outside = torch.arange(best.shape[1], device=best.device) >= lengths[:, None]
    silent = ((best == _BLANK) | outside).all(dim=1).tolist()
    return [NOTHING if nothing else h for h, nothing in zip(hypotheses, silent, strict=True)]


def stock_phrases(words: Sequence[TokenWord]) -> list[range]:
    """The places of the tokens of every stock phrase in a text: whole words of it."""
    parts, edges = [], []
    for word in words:
        letters = "".join(
            c if c.isalnum() else " " for c in in_script(word.text.casefold(), "simplified")
        )
        letters = " ".join(letters.split())
        follows_latin = parts and parts[-1] and not _HAN.match(parts[-1][-1])
        if letters and follows_latin and not _HAN.match(letters):
            letters = f" {letters}"
        parts.append(letters)
    ends = [*accumulate(map(len, parts))]
    for part, end in zip(parts, ends, strict=True):
        edges.append((end - len(part.lstrip()), end))
    text = "".join(parts)
    found = []
    for start, end in _spans(text):
        inside = [i for i, (a, b) in enumerate(edges) if start <= a < b <= end]
        whole = inside and (edges[inside[0]][0], edges[inside[-1]][1]) == (start, end)
        if whole:
            first, last = words[inside[0]].tokens, words[inside[-1]].tokens
            found.append(range(first.start, last.stop))
    return found


def without_stock_phrases(
    hypothesis: Hypothesis, tokenizer: Tokenizer, evidence: Sequence[float]
) -> Hypothesis:
    """The hypothesis without the stock phrases that CTC does not hear.

    Args:
        evidence: of every token the mean log posterior of its units on CTC's best path of the
            whole text; NaN for a token without units.
    """
    invented: set[int] = set()
    for places in stock_phrases(tokenizer.words(hypothesis.tokens)):
        if mean_evidence(evidence[places.start : places.stop]) < NO_EVIDENCE:
            invented.update(places)
    if not invented:
        return hypothesis
    kept = [i for i in range(len(hypothesis.tokens)) if i not in invented]
    left = replace(
        hypothesis,
        tokens=tuple(hypothesis.tokens[i] for i in kept),
        token_log_probs=tuple(hypothesis.token_log_probs[i] for i in kept),
        rivals=tuple(hypothesis.rivals[i] for i in kept) if hypothesis.rivals else (),
    )
    return left if any(map(str.isalnum, tokenizer.decode(left.tokens))) else NOTHING


def mean_evidence(evidence: Sequence[float]) -> float:
    """Of the tokens that can be heard; 0, that is beyond doubt, when none of them can."""
    heard = [value for value in evidence if not math.isnan(value)]
    return sum(heard) / len(heard) if heard else 0.0


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for pattern in _REMARKS:
        if pattern.fullmatch(text.strip()):
            yield len(text) - len(text.lstrip()), len(text)
    for pattern in _CREDITS:
        yield from (match.span() for match in pattern.finditer(text))
