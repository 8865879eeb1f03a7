"""The path of one recording: sound -> windows of speech -> recognized segments -> transcript."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from asr_core.audio.decode import Recording
from asr_core.audio.segment import speech_windows
from asr_core.engines import Engine
from asr_core.result import Segment, Transcript
from asr_core.settings import Settings
from asr_core.text.language import language_shares
from asr_core.text.repair import Repair
from asr_core.text.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come."""

    position: float  # seconds of the recording that are done
    duration: float | None  # seconds in all, by the file's header; None when it does not say
    segments: tuple[Segment, ...]  # new since the last report


def transcribe(
    recording: Recording,
    engine: Engine,
    settings: Settings,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Transcript:
    """Recognize a whole recording, telling `report` of every window as soon as it is done.

    Sound, windows and text are streams: what is in memory does not grow with the recording.

    Raises:
        AsrError: the recording cannot be read, or the engine cannot do what `settings` ask.
    """
    began = perf_counter()
    segments: list[Segment] = []
    repair = Repair(Vocabulary.parse(settings.vocabulary))
    for recognized in engine.recognize(speech_windows(recording), settings):
        found = tuple(map(repair, recognized.segments))
        segments += found
        report(Progress(recognized.end, recording.duration, found))
    seconds = perf_counter() - began
    duration = recording.heard
    stats = {
        "seconds": round(seconds, 3),
        "real_time_factor": round(seconds / duration, 4) if duration else None,
        **engine.stats(),
    }
    return Transcript(
        recording.name,
        duration,
        tuple(segments),
        language_shares(segments),
        engine.name,
        settings.decode,
        tuple(recording.notes),
        stats,
    )
