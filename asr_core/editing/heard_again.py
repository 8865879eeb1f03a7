"""What the recognizer heard a second time, put in its place in a transcript."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from asr_core.editing.corrections import with_passages
from asr_core.result import Segment, Transcript
from asr_core.text.language import language_shares
from asr_core.text.tidy import joined
from asr_core.text.timing import shared_time

MARGIN = 0.2  # seconds of sound on either side of a passage that are heard with it


def with_passage(
    transcript: Transcript, passage: Segment, heard: tuple[Segment, ...]
) -> Transcript | None:
    """`transcript` with what was `heard` in place of a passage; its speaker stays.

    Words of the neighbors, which the margin lets in, are left out.

    Returns:
        None if the passage is no longer there, or nothing was heard in its place.
    """
    segments = transcript.segments
    if passage not in segments:
        return None
    at = segments.index(passage)
    earliest = segments[at - 1].end if at else 0.0
    latest = segments[at + 1].start if at + 1 < len(segments) else transcript.duration
    earliest, latest = min(earliest, passage.start), max(latest, passage.end)
    kept = [replace(cut, speaker=passage.speaker) for cut in _within(heard, earliest, latest)]
    if not kept:
        return None
    changed = (*segments[:at], *kept, *segments[at + 1 :])
    return replace(transcript, segments=changed, language=language_shares(changed))


def with_times(transcript: Transcript, passage: Segment, heard: Segment) -> Transcript | None:
    """`transcript` with the times of the words that were `heard` in a passage with this very text.

    Returns:
        None if the passage is no longer there, or the words cannot be told apart.
    """
    if passage not in transcript.segments:
        return None
    times = _character_times(heard)
    if len(times) != len(_bare(passage.text)):
        return None
    words, done = [], 0
    for word in passage.words:
        text = _bare(word.text)
        found = _bare(passage.text).find(text, done)
        if found < 0 or not text:
            return None
        done = found + len(text)
        words.append(replace(word, start=times[found][0], end=times[done - 1][1]))
    if any(a.end > b.start for a, b in pairwise(words)):
        return None
    at = transcript.segments.index(passage)
    return with_passages(transcript, {at: replace(passage, words=tuple(words))})


def _within(segments: tuple[Segment, ...], start: float, end: float) -> Iterator[Segment]:
    """Segments without the words whose middle lies outside; empty ones are left out."""
    for segment in segments:
        words = tuple(w for w in segment.words if start <= (w.start + w.end) / 2 <= end)
        if len(words) == len(segment.words):
            yield segment
        elif words:
            yield replace(
                segment,
                start=words[0].start,
                end=words[-1].end,
                text=joined(word.text for word in words),
                words=words,
            )


def _character_times(segment: Segment) -> list[tuple[float, float]]:
    """When each character that is no space was said, the words cut into equal parts."""
    parts = ((word, len(_bare(word.text))) for word in segment.words)
    return [time for word, n in parts for time in shared_time([1] * n, word.start, word.end)]


def _bare(text: str) -> str:
    return "".join(text.split())
