"""One recording of many: what is heard in it, as the file it becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from asr_core.errors import AsrError
from asr_core.export import as_file
from asr_core.jobs import Job, Recognizer
from asr_core.settings import Settings
from asr_core.text.tidy import tidied

_TICK_S = 0.2  # between two looks at whether all is to stop


@dataclass(frozen=True, slots=True)
class Heard:
    """What a worker made of a recording.

    Attributes:
        duration: seconds of sound.
        text: the transcript as a file; None where there is nothing to keep.
        error: the sentence, if it did not come to its end.
    """

    duration: float = 0.0
    text: bytes | None = None
    error: str | None = None


def hear(
    recognizer: Recognizer,
    source: Path | bytes,
    name: str,
    settings: Settings,
    format: str,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Heard:
    """Transcribe a recording; what there is of one that does not come to its end is kept.

    Args:
        source: its file, or its bytes.
        is_stopping: whether all is to stop; asked several times a second.

    Raises:
        AsrError: the model cannot be used, with any recording.
    """
    job = _followed(recognizer, source, name, settings, is_stopping)
    if job.stage == "failed":  # perhaps of something that passes; twice is enough
        job = _followed(recognizer, source, name, settings, is_stopping)
    transcript, error = job.transcript, job.error
    assert transcript is not None, "a job that has ended has one"
    if job.stage == "cancelled":
        error = transcript.notes[0]
    text = None
    if error is None or transcript.segments:
        text = as_file(tidied(transcript, settings.tidy), format)
    return Heard(round(transcript.duration, 3), text, error)


def _followed(
    recognizer: Recognizer,
    source: Path | bytes,
    name: str,
    settings: Settings,
    is_stopping: Callable[[], bool],
) -> Job:
    """The recording's job, at its end."""
    if recognizer.readiness.stage == "unknown":
        recognizer.prepare(settings)
    job = recognizer.submit(source, name, settings)
    while not job.wait(_TICK_S):
        if is_stopping() and not job.stop_asked:
            job.cancel()
        elif recognizer.readiness.stage == "failed":
            raise AsrError(recognizer.readiness.error)
    return job
