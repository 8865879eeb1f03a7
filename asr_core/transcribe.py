"""The path of one recording: sound -> windows of speech -> recognized segments -> transcript."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from asr_core.ahead import ahead
from asr_core.audio import SAMPLE_RATE
from asr_core.audio.live import live_windows
from asr_core.audio.recording import Recording
from asr_core.audio.segment import LONGEST, Window, speech_windows
from asr_core.engines import Engine
from asr_core.engines.stages import Stages
from asr_core.result import Segment, Transcript
from asr_core.settings import Settings
from asr_core.text.language import language_shares
from asr_core.text.repair import Repair
from asr_core.text.vocabulary import Vocabulary
from asr_core.threads import beside_others

_WAITING = 8  # windows found ahead of the engine, of up to 20 s each


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come."""

    position: float  # seconds of the recording that are done
    duration: float | None  # seconds in all, by the file's header; None when it does not say
    segments: tuple[Segment, ...]  # new since the last report
    draft: str = ""  # what is being written behind them, and may still change


def transcribe(
    recording: Recording,
    engine: Engine,
    settings: Settings,
    report: Callable[[Progress], None] = lambda progress: None,
    init: float = 0.0,
) -> Transcript:
    """Recognize a recording, telling `report` of every window as soon as it is done.

    Engines that write word by word tell it what they are writing, too, a few times a second. Of a
    recording that is still being made it is also told, about once a second, what the end of it
    would be if nothing more were said; the transcript is the one of the whole recording.
    Of a recording that was opened for a part only that part is heard; times count from its start
    all the same. Sound, windows and text are streams: what is in memory does not grow with the
    recording. The sound is read, and its speech found, while the engine is at work on what came
    before; but not live sound, of which the engine sets the pace.

    Args:
        init: seconds that the engine took to load for this run, for its figures.

    Raises:
        AsrError: the recording cannot be read, or the engine cannot do what `settings` ask.
    """
    began = perf_counter()
    segments: list[Segment] = []
    repair = Repair(Vocabulary.parse(settings.vocabulary))
    stages = Stages()
    is_live = recording.is_behind is not None
    if recording.is_behind is None:
        found = speech_windows(recording, offset=recording.clip.start)
        windows = ahead(stages.each("sound", found), _WAITING)
    else:
        windows = stages.each("sound", live_windows(recording, recording.is_behind))
    with (
        closing(beside_others(windows)) as asked,
        closing(windows),
        closing(engine.recognize(asked, settings)) as answers,
    ):
        for recognized in answers:
            mended = tuple(map(repair, recognized.segments))
            segments += mended
            report(Progress(recognized.end, recording.duration, mended, recognized.draft))
    seconds = perf_counter() - began
    heard = recording.heard - recording.clip.start
    told = engine.stats()
    loaded = {"init": round(init, 3)} if init else {}
    stats = {
        "seconds": round(seconds, 3),
        "real_time_factor": round(seconds / heard, 4) if heard and not is_live else None,
        **told,
        "stages": {**loaded, **stages.told()["stages"], **told.get("stages", {})},
    }
    return Transcript(
        recording.name,
        recording.heard,
        tuple(segments),
        language_shares(segments),
        engine.name,
        engine.decode(settings),
        (*recording.notes, *told.get("notes", ())),
        stats,
    )


def align(recording: Recording, engine: Engine, text: str, language: str) -> Segment | None:
    """`text` with the times its words were said at in a recording, or in the part of it.

    Returns:
        None where nobody can say: nothing was said there, or it is longer than a window.

    Raises:
        AsrError: the recording cannot be read.
    """
    windows = [*speech_windows(recording, offset=recording.clip.start)]
    if not windows or windows[-1].end - windows[0].start > LONGEST:
        return None
    return engine.align(_joined(windows), text, language)


def _joined(windows: Sequence[Window]) -> Window:
    """One window in place of several, with silence between them."""
    start = windows[0].start
    waveform = np.zeros(round((windows[-1].end - start) * SAMPLE_RATE), np.float32)
    for window in windows:
        at = round((window.start - start) * SAMPLE_RATE)
        waveform[at : at + len(window.waveform)] = window.waveform
    return Window(start, waveform, tuple(span for window in windows for span in window.spans))
