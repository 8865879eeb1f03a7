"""One job on its way through the worker: handed over, followed, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from queue import Empty
from typing import NamedTuple

from asr_core.jobs import wire
from asr_core.jobs.errand import Errands
from asr_core.jobs.job import Job, Stage
from asr_core.jobs.live import LiveSound
from asr_core.jobs.process import WorkerProcess
from asr_core.pace import clock
from asr_core.result import Transcript

_TICK_S = 0.5  # between two looks at whether the worker still speaks


class End(NamedTuple):
    """How a job ended."""

    stage: Stage
    transcript: Transcript
    error: str | None = None
    held: int = 0  # bytes of the recording the worker still has in memory
    worn: bool = False  # the worker should not be used again
    unreadable: bool = False  # it failed since the bytes are no recording


def escort(job: Job, process: WorkerProcess, errands: Errands) -> End:
    """Hand the recording over, then follow what the worker says until its last word.

    The job keeps its recording until the worker says something about it: one that was dying when
    it got the job never took it.

    Errands that are asked meanwhile go along; the worker does them between two windows.
    """
    try:
        return _followed(job, process, errands)
    except wire.WireError:
        return _crash(job, process)
    except Exception as error:  # whatever it is, the line behind this job must move on
        return unforeseen(job, error)


def unforeseen(job: Job, error: Exception) -> End:
    """Only the kind of the error is told: its text may hold names and words of the recording."""
    kind = type(error).__name__
    sentence = f"Something went wrong that was not foreseen ({kind}). Try again."
    return _failed(job, sentence, worn=True)


def _followed(job: Job, process: WorkerProcess, errands: Errands) -> End:
    if not isinstance(job.source, LiveSound):
        return _follow(job, process, errands, lambda: None)
    mouth = _Mouth(job, process, job.source)
    try:
        return _follow(job, process, errands, mouth.speak)
    finally:
        mouth.close()


def _follow(job: Job, process: WorkerProcess, errands: Errands, speak: Callable[[], None]) -> End:
    with suppress(OSError):  # the worker is gone, which its inbox will say
        _hand_over(job, process)
    while True:
        with suppress(OSError):
            speak()
        message = _next(job, process)
        if message.get("job") == job.id and message["kind"] not in ("stop", "spoken"):
            job.source = None  # the worker has it
        kind = message["kind"]
        if kind == "gone":
            return _crash(job, process)
        if kind == "errands":
            with suppress(OSError):
                errands.send(process)
        elif kind in ("beat", "spoken") or errands.settle(message) or message.get("job") != job.id:
            continue  # a sign of life, more to speak, an answer, or a late word about another job
        elif kind == "stop":
            with suppress(OSError):
                process.send({"kind": "cancel", "job": job.id})
        elif kind == "started":
            job.enter("transcribing")
        elif kind == "draft":
            job.write(wire.text(message.get("text")))
        elif kind == "progress":
            duration = message.get("duration")
            job.add(
                wire.number(message.get("position")),
                None if duration is None else wire.number(duration),
                wire.segments(message.get("segments")),
                wire.language(message.get("language")),
            )
        else:
            return _last_word(job, message)


def _next(job: Job, process: WorkerProcess) -> wire.Message:
    """What the worker says next; the job knows how long it has said nothing.

    Only silence counts that this process was awake for: after a sleep of the computer, or a stop
    of both, it begins anew.
    """
    silence = 0.0
    while True:
        try:
            message = process.inbox.get(timeout=_TICK_S)
        except Empty:
            silence += _TICK_S
            job.listen(silence)
            continue
        job.listen(0.0)
        return message


def _hand_over(job: Job, process: WorkerProcess) -> None:
    source = job.source
    assert source is not None
    message: wire.Message = {"kind": "job", "job": job.id, "name": job.name}
    message["settings"] = asdict(job.settings)
    message["clip"] = wire.pack_clip(job.to_hear)
    if isinstance(source, LiveSound):
        process.send(message | {"live": source.sample_rate})
        return
    if isinstance(source, str):
        process.send(message | {"path": source})
        return
    process.send(message | {"n_bytes": source.nbytes})
    for chunk in wire.chunks(source):
        if job.stop_asked:
            # Now: the pieces of an errand that came next would be taken for the rest of this.
            process.send({"kind": "cancel", "job": job.id})
            return
        process.send_audio(chunk)


class _Mouth:
    """Tells the worker what is being spoken, as it comes.

    Only who follows the job does so: the pieces of an errand must not be mixed with it.
    """

    def __init__(self, job: Job, process: WorkerProcess, sound: LiveSound) -> None:
        self._job, self._process, self._sound = job, process, sound
        self._told = 0  # bytes
        self._has_ended = False
        sound.on_news = lambda: process.inbox.put({"kind": "spoken", "job": job.id})

    def speak(self) -> None:
        """Say what is new.

        Raises:
            OSError: the worker is no more.
        """
        is_over = self._sound.ended  # asked first: what came before the end is said before it
        while piece := self._sound.piece(self._told):
            self._process.send_spoken(piece)
            self._told = self._job.n_bytes = self._told + len(piece)
        if is_over and not self._has_ended:
            self._has_ended = True
            self._process.send_spoken(b"")

    def close(self) -> None:
        """Nobody listens any more."""
        self._sound.on_news = lambda: None


def _last_word(job: Job, message: wire.Message) -> End:
    """How the job ended, by the worker."""
    held = int(wire.number(message.get("held", 0)))
    match message["kind"]:
        case "done":
            return End("done", job.joined(wire.transcript(message.get("transcript"))), held=held)
        case "cancelled":
            return End("cancelled", job.partial(), held=held)
        case "failed":
            worn = message.get("foreseen") is not True
            unreadable = message.get("unreadable") is True
            return _failed(job, wire.text(message.get("error")), held, worn, unreadable)
    raise wire.WireError("the worker says what it should not")


def _crash(job: Job, process: WorkerProcess) -> End:
    """The worker ended in the middle, or said what it should not."""
    if job.stop_asked:
        return End("cancelled", job.partial(), worn=True)
    sentence = "The recognizer stopped unexpectedly."
    if process.was_killed:
        sentence += " The computer may have run out of memory; close other programs."
    return _failed(job, sentence, worn=True)


def _failed(
    job: Job, sentence: str, held: int = 0, worn: bool = False, unreadable: bool = False
) -> End:
    if job.segments:
        sentence += f" The text up to {clock(job.position)} is kept."
    return End("failed", job.partial(), sentence, held, worn, unreadable)
