"""Something short that is asked of the worker: when it is idle, or between two windows of a run."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from asr_core.errors import AsrError
from asr_core.jobs import wire
from asr_core.jobs.process import WorkerProcess

END = 8 << 20  # bytes of either end of a recording that tell its length

T = TypeVar("T")


_GONE = "The recognizer stopped in the middle of this. Try again."


class WorkerGoneError(AsrError):
    """The worker ended before it answered."""


class Errand(Generic[T]):
    """A question to the worker and, one day, its answer.

    Args:
        kind: what the worker knows it by.
        read: makes the answer of what the worker says, or raises WireError.
        pieces: of a recording, which go with the question.

    Attributes:
        answer: given by the recognizer's thread. Its exception is an AsrError. Cancelled before
            it was sent, the question is never asked.
    """

    def __init__(
        self,
        kind: str,
        read: Callable[[wire.Message], T],
        pieces: Sequence[memoryview] = (),
        **details: Any,
    ) -> None:
        self.id = secrets.token_hex(8)
        self.answer: Future[T] = Future()
        self.pieces = tuple(pieces)
        n_bytes = sum(piece.nbytes for piece in pieces)
        self.message: wire.Message = {"kind": kind, "job": self.id, "n_bytes": n_bytes, **details}
        self._read = read

    def settle(self, message: wire.Message) -> None:
        """The worker's answer has come.

        Raises:
            WireError: it is none.
        """
        self.pieces = ()
        if message["kind"] == "failed":
            self.answer.set_exception(AsrError(wire.text(message.get("error"))))
        else:
            self.answer.set_result(self._read(message))

    def give_up(self) -> None:
        """There will be no answer: the worker is gone."""
        self.pieces = ()
        self.answer.set_exception(WorkerGoneError(_GONE))


class Errands:
    """Those not yet sent and those not yet answered. Any thread may add; one does the rest."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[Errand[Any]] = SimpleQueue()
        self._sent: dict[str, Errand[Any]] = {}

    def add(self, errand: Errand[Any]) -> None:
        """One more, to be sent soon."""
        self._asked.put(errand)

    @property
    def open(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._sent)

    def send(self, process: WorkerProcess) -> None:
        """Hand over all that were asked.

        Raises:
            OSError: the worker is no more.
        """
        with suppress(Empty):
            while True:
                errand = self._asked.get_nowait()
                if not errand.answer.set_running_or_notify_cancel():
                    continue
                self._sent[errand.id] = errand
                process.send(errand.message)
                for piece in errand.pieces:
                    for chunk in wire.chunks(piece):
                        process.send_audio(chunk)

    def settle(self, message: wire.Message) -> bool:
        """Take the answer to one of them; False if the message is about something else.

        Raises:
            WireError: it is no answer.
        """
        errand = self._sent.get(str(message.get("job")))
        if errand is None:
            return False
        errand.settle(message)
        del self._sent[errand.id]
        return True

    def give_up(self) -> None:
        """The worker is gone, and none will be started for those not yet sent."""
        with suppress(Empty):
            while True:
                errand = self._asked.get_nowait()
                if errand.answer.set_running_or_notify_cancel():
                    self._sent[errand.id] = errand
        self.lose()

    def lose(self) -> None:
        """The worker is gone, and with it the answers to those that were sent."""
        for errand in self._sent.values():
            errand.give_up()
        self._sent.clear()

    def drop(self) -> None:
        """What was not sent yet never will be."""
        with suppress(Empty):
            while True:
                self._asked.get_nowait().answer.cancel()


def ends(data: memoryview) -> list[memoryview]:
    """The two ends of a recording's bytes, or all of them where they would meet.

    What says how long it is stands in the first bytes or in the last; a recording of a gigabyte
    need not travel to the worker for that.
    """
    return [data] if data.nbytes <= 2 * END else [data[:END], data[-END:]]
