"""Which language: chosen for each stretch of speech, and counted over a whole text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from asr_core.result import MIXED_SHARE, Label, Language, Segment
from asr_core.text.tokenizer import UNSPACED

_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_LATIN_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_WORD_WEIGHT = 2.0  # an English word takes about the time of two Chinese characters


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one stretch of speech sounds like."""

    start: float  # seconds
    end: float
    log_probs: tuple[float, ...]  # of the candidate languages, natural, summing to 1


@dataclass(frozen=True, slots=True)
class Choice:
    """The language of a stretch, and another that its sound leaves possible."""

    language: str
    rival: str | None = None


@dataclass(slots=True)
class LanguageChooser:
    """Chooses among candidate languages, stretch by stretch, by all the recording heard so far.

    A hidden Markov model: the language is the hidden state, what a stretch sounds like the
    observation. Speakers rarely change language, and less often within a breath than after a
    pause; the languages heard before are likelier than the others. So a short doubtful stretch
    keeps the language of its surroundings, and a clear one does not.

    Source: Rabiner 1989, A Tutorial on Hidden Markov Models, section III-B (Viterbi).
    """

    candidates: tuple[str, ...]
    heard: dict[str, float] = field(default_factory=dict)  # seconds of each language so far

    def guess(self, log_probs: Sequence[float]) -> str:
        """The language of a stretch heard in passing, which may well be wrong."""
        return self.candidates[max(range(len(log_probs)), key=log_probs.__getitem__)]

    def choose(self, stretches: Sequence[Evidence]) -> list[Choice]:
        """The language of each of the stretches, which follow what was given before."""
        if len(self.candidates) == 1:
            return [Choice(self.candidates[0])] * len(stretches)
        if not stretches:
            return []
        prior = self._prior()
        scores = [p + e for p, e in zip(prior, self._emitted(stretches[0]), strict=True)]
        came_from: list[list[int]] = []
        for before, after in pairwise(stretches):
            stay, change = _transition(after.start - before.end, len(self.candidates))
            emitted = self._emitted(after)
            step: list[int] = []
            reached: list[float] = []
            for j in range(len(self.candidates)):
                ways = [s + (stay if i == j else change) for i, s in enumerate(scores)]
                best = max(range(len(ways)), key=ways.__getitem__)
                step.append(best)
                reached.append(ways[best] + emitted[j] + _PRIOR_WEIGHT * prior[j])
            came_from.append(step)
            scores = reached
        path = [max(range(len(scores)), key=scores.__getitem__)]
        for step in reversed(came_from):
            path.append(step[path[-1]])
        found = [
            Choice(self.candidates[i], self._rival(i, stretch))
            for i, stretch in zip(reversed(path), stretches, strict=True)
        ]
        for stretch, choice in zip(stretches, found, strict=True):
            if choice.rival is None:
                seconds = self.heard.get(choice.language, 0.0) + stretch.end - stretch.start
                self.heard[choice.language] = seconds
        return found

    def _rival(self, chosen: int, stretch: Evidence) -> str | None:
        sounds = stretch.log_probs
        others = [i for i in range(len(sounds)) if i != chosen]
        best = max(others, key=sounds.__getitem__)
        return self.candidates[best] if sounds[chosen] - sounds[best] < _SURE else None

    def _emitted(self, stretch: Evidence) -> list[float]:
        """What a stretch says for each language, less the shorter it is: the model is too sure."""
        weight = min(1.0, (stretch.end - stretch.start) / _CLEAR)
        return [weight * value for value in stretch.log_probs]

    def _prior(self) -> list[float]:
        """Log share of each language in what was heard so far, before any of it all alike."""
        counts = [self.heard.get(language, 0.0) + _UNHEARD for language in self.candidates]
        return [math.log(count / sum(counts)) for count in counts]


_SURE = 1.5  # natural log, by which a language must lead to be without a rival
_UNHEARD = 4.0  # seconds of every language that are taken as heard beforehand
_PRIOR_WEIGHT = 0.3
_CLEAR = 2.0  # seconds from which on a stretch is judged by its sound alone
_CHANGE = 0.15  # probability of a change of language across a pause of a second or more


def _transition(pause: float, n: int) -> tuple[float, float]:
    """Log probabilities of the same language and of a given other one, after a pause in seconds."""
    change = _CHANGE * min(1.0, max(0.25, pause))
    return math.log1p(-change), math.log(change / (n - 1))


def language_shares(segments: Iterable[Segment]) -> Language:
    """How much of a text is Chinese, English and other, by the script and how long it takes to say.

    Latin words count as English where the segment was decoded as English or Chinese.
    """
    seconds = {"zh": 0.0, "en": 0.0, "other": 0.0}
    for segment in segments:
        for language, weight in _weights(segment.text, segment.language):
            seconds[language] += weight
    total = sum(seconds.values())
    if not total:
        return Language(0.0, 0.0, 0.0, "none")
    zh, en, other = (seconds[language] / total for language in ("zh", "en", "other"))
    return Language(zh, en, other, _label(zh, en, other))


def language_of(text: str) -> str:
    """Whether a text is more Chinese, "zh", or more English, "en", by how long it takes to say."""
    seconds = {"zh": 0.0, "en": 0.0, "other": 0.0}
    for language, weight in _weights(text, "en"):
        seconds[language] += weight
    return "zh" if seconds["zh"] >= seconds["en"] else "en"


def _weights(text: str, language: str) -> Iterable[tuple[str, float]]:
    chinese = language in ("zh", "en", "yue")
    for char in re.findall(f"[{UNSPACED}]", text):
        is_han = bool(_HAN.match(char)) and (chinese or not _KANA.search(text))
        yield ("zh" if is_han else "other"), 1.0
    for word in _LATIN_WORD.findall(re.sub(f"[{UNSPACED}]", " ", text)):
        is_english = bool(_LATIN.match(word)) and chinese
        yield ("en" if is_english else "other"), _WORD_WEIGHT


def _label(zh: float, en: float, other: float) -> Label:
    if other > 0.5:
        return "other"
    if min(zh, en) >= MIXED_SHARE:
        return "mixed"
    return "zh" if zh >= en else "en"
