"""What a run gives: words with times, segments, and the transcript they make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Label = Literal["zh", "en", "mixed", "other", "none"]

# A word less certain than this may well be wrong. Precision and recall of wrong words balance best
# there on the evaluation set (bench.confidence --whole): below it lie 9 % of the words and 43 % of
# the wrong ones; a third of these words is wrong, five times as many as of all.
DOUBTFUL = 0.7
MIXED_SHARE = 0.15  # a language with less of the text than this does not make it mixed


@dataclass(frozen=True, slots=True)
class Word:
    """One recognized word (in Chinese text, one character) and where it was said."""

    text: str  # without spaces around it, punctuation attached
    start: float  # seconds from the start of the recording
    end: float  # seconds, start <= end
    confidence: float  # posterior probability, 0..1
    alternatives: tuple[str, ...] = ()  # what else it may have been, likeliest first


@dataclass(frozen=True, slots=True)
class Segment:
    """A passage between two pauses, in one language."""

    start: float  # seconds
    end: float  # seconds
    language: str  # ISO 639-1 code it was decoded in
    text: str
    confidence: float  # 0..1
    words: tuple[Word, ...] = ()
    speaker: str = ""  # as a person named them
    edited: bool = False  # a person wrote the text
    redone: bool = False  # the second model read it, as the first one was not sure


@dataclass(frozen=True, slots=True)
class Language:
    """How much of a text is Chinese, English and other; the shares sum to 1, without text to 0."""

    zh: float
    en: float
    other: float
    label: Label


@dataclass(frozen=True, slots=True)
class Transcript:
    """The text of one recording, whole or as far as it got."""

    name: str  # file name without folders
    duration: float  # seconds from the start of the recording up to where it was heard
    segments: tuple[Segment, ...]
    language: Language
    engine: str
    decode: str
    notes: tuple[str, ...] = ()  # sentences for the reader: "The file ends early, at 3:12."
    stats: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All text, one line a segment."""
        return "\n".join(segment.text for segment in self.segments if segment.text)
