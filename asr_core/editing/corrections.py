"""What a person changes in a transcript, passage by passage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from asr_core.editing.words import corrected
from asr_core.result import Segment, Transcript
from asr_core.text.language import language_shares


def correction(segment: Segment, text: str) -> Segment | None:
    """`segment` as a person wrote it; None if they changed nothing, or left nothing."""
    text = text.strip()
    return corrected(segment, text) if text and text != segment.text else None


def speaker_named(segments: Sequence[Segment], index: int, name: str) -> dict[int, Segment]:
    """The passages that change when this one's speaker gets a name.

    Those are this one and what directly follows from the same speaker.
    """
    name, same = " ".join(name.split()), segments[index].speaker
    if name == same:
        return {}
    following = takewhile(lambda i: segments[i].speaker == same, range(index, len(segments)))
    return {i: replace(segments[i], speaker=name) for i in following}


def with_passages(transcript: Transcript, changes: Mapping[int, Segment]) -> Transcript:
    """`transcript` with other passages at these places, and the languages of its new text."""
    segments = tuple(changes.get(i, old) for i, old in enumerate(transcript.segments))
    is_same = all(
        new.text == old.text for new, old in zip(segments, transcript.segments, strict=True)
    )
    language = transcript.language if is_same else language_shares(segments)
    return replace(transcript, segments=segments, language=language)
