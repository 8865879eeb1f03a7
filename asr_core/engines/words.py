"""From the tokens of a passage to words with times and segments cut at pauses."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import replace

from asr_core.engines.passages import Passage
from asr_core.result import Segment, Word
from asr_core.text.tidy import joined
from asr_core.text.tokenizer import TokenWord

_PAUSE = 1.2  # seconds without speech that begin a new segment anywhere
_BREATH = 0.5  # that begin one after a sentence
_HESITATION = 0.3  # that begin one in a segment that is long already
_SENTENCE = 6.0  # seconds after which a segment ends with the sentence
_LONG = 15.0  # seconds after which it ends at a comma or hesitation
_SENTENCE_END = tuple(".?!。？！…")
_CLAUSE_END = (*_SENTENCE_END, *",，、;；:：")

Calibration = Sequence[tuple[float, float]]  # as ModelConfig has it


def passage_segments(
    passage: Passage,
    words: Sequence[TokenWord],
    token_times: Sequence[tuple[float, float] | None],
    token_log_probs: Sequence[float],
    calibration: Calibration = (),
    alternatives: Sequence[tuple[str, ...]] = (),
) -> Iterator[Segment]:
    """The segments of a passage, as heard.

    Args:
        words: of the hypothesis; their `start` and `end` count its tokens.
        token_times: (start, end) of every token, seconds from the start of the recording; None
            for one in which nothing is to be heard.
        token_log_probs: natural log probability of every token.
        calibration: of the words' confidence.
        alternatives: of every word, if there are any.
    """
    timed = _timed(passage, words, token_times, token_log_probs)
    timed = [
        replace(word, confidence=calibrated(word.confidence, calibration), alternatives=others)
        for word, others in zip(timed, alternatives or [()] * len(timed), strict=True)
    ]
    for group in _groups(timed):
        confidence = math.exp(sum(math.log(max(w.confidence, 1e-6)) for w in group) / len(group))
        yield Segment(
            group[0].start,
            group[-1].end,
            passage.language,
            joined((word.text for word in group), spacing=False),
            confidence,
            tuple(group),
        )


def calibrated(probability: float, calibration: Calibration) -> float:
    """The share of words with this probability that are right, between what was measured."""
    if not calibration:
        return probability
    at = bisect([x for x, _ in calibration], probability)
    if at in (0, len(calibration)):
        return calibration[at - 1 if at else 0][1]
    (x0, y0), (x1, y1) = calibration[at - 1 : at + 1]
    return y0 + (y1 - y0) * (probability - x0) / (x1 - x0)


def _timed(
    passage: Passage,
    words: Sequence[TokenWord],
    token_times: Sequence[tuple[float, float] | None],
    token_log_probs: Sequence[float],
) -> list[Word]:
    """The words in time order, each within the speech of the passage."""
    found: list[Word] = []
    earliest = passage.start
    for word in words:
        start, end = _said(word, token_times) or (earliest, earliest)
        start = max(earliest, start)
        end = max(start, end)
        start, end = _within_speech(start, end, passage.spans)
        start = max(start, earliest)
        end = min(max(end, start), passage.end)
        confidence = math.exp(sum(token_log_probs[t] for t in word.tokens) / len(word.tokens))
        found.append(Word(word.text, start, end, min(1.0, confidence)))
        earliest = end
    return found


def _said(
    word: TokenWord, times: Sequence[tuple[float, float] | None]
) -> tuple[float, float] | None:
    """When a word begins and ends, by those of its tokens that can be heard."""
    first, last = int(word.start), math.ceil(word.end)
    parts: list[tuple[float, float]] = []
    for token in range(first, last):
        if (time := times[token]) is not None:
            start, length = time[0], time[1] - time[0]
            begin, stop = max(0.0, word.start - token), min(1.0, word.end - token)
            parts.append((start + begin * length, start + stop * length))
    return (parts[0][0], parts[-1][1]) if parts else None


def _within_speech(
    start: float, end: float, spans: Sequence[tuple[float, float]]
) -> tuple[float, float]:
    """A word's time cut to the span of speech it shares most with; the nearest if with none."""
    span = max(spans, key=lambda s: min(end, s[1]) - max(start, s[0]))
    return min(max(start, span[0]), span[1]), max(min(end, span[1]), span[0])


def _groups(words: Sequence[Word]) -> Iterator[list[Word]]:
    """The words of each segment: cut at pauses, and at the end of sentences in long ones."""
    group: list[Word] = []
    for word in words:
        if group and _is_cut(group, word):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _is_cut(group: Sequence[Word], word: Word) -> bool:
    """Whether a word begins a new segment."""
    pause, length = word.start - group[-1].end, group[-1].end - group[0].start
    if group[-1].text.endswith(_SENTENCE_END) and (pause >= _BREATH or length >= _SENTENCE):
        return True
    is_clause = group[-1].text.endswith(_CLAUSE_END) or pause >= _HESITATION
    return pause >= _PAUSE or (length >= _LONG and is_clause)
