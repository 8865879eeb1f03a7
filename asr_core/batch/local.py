"""A folder of recordings becomes a folder of transcripts, on several workers of this computer."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from asr_core.batch.hearing import Heard, hear
from asr_core.batch.inputs import Input, unreadable
from asr_core.batch.results import Outcome, Results
from asr_core.jobs import Recognizer
from asr_core.jobs.recognizer import DEFAULT_LOADER
from asr_core.settings import Settings


class Batch:
    """One run over a folder.

    Args:
        out: gets the transcripts and the ledger.
        n_workers: processes that recognize side by side, each with a model of its own.

    Attributes:
        before: recordings that an earlier run had finished.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        out: Path,
        settings: Settings,
        format: str,
        n_workers: int,
        *,
        loader: str = DEFAULT_LOADER,
    ) -> None:
        self._inputs, self._results = inputs, Results(out, settings, format)
        self._settings, self._format = settings, format
        self._n_workers, self._loader = min(n_workers, len(inputs)), loader
        self._stopping = threading.Event()
        self.before = 0

    def outcomes(self) -> Generator[tuple[Input, Outcome]]:
        """Of every recording as soon as it is done; whoever closes this stops the workers.

        The text of one that did not come to its end is kept, and a later run hears it again.

        Raises:
            AsrError: the model cannot be used, or the ledger cannot be written.
        """
        self._results.mend()
        todo: SimpleQueue[Input] = SimpleQueue()
        done: SimpleQueue[tuple[Input, Outcome] | Exception] = SimpleQueue()
        for one in self._inputs:
            todo.put(one)
        threads = [
            threading.Thread(target=self._work, args=(todo, done), name=f"batch {n}")
            for n in range(self._n_workers)
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in self._inputs:
                found = done.get()
                if isinstance(found, Exception):
                    raise found
                one, outcome = found
                if outcome is self._results.earlier(one):
                    self.before += 1
                else:
                    self._results.note(outcome)
                yield one, outcome
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()

    def _work(
        self, todo: SimpleQueue[Input], done: SimpleQueue[tuple[Input, Outcome] | Exception]
    ) -> None:
        recognizer = Recognizer(loader=self._loader)
        try:
            while not self._stopping.is_set():
                one = todo.get_nowait()
                done.put((one, self._outcome(one, recognizer)))
        except Empty:
            return
        except Exception as error:  # whoever waits for outcomes must hear of it
            done.put(error)
        finally:
            recognizer.close()

    def _outcome(self, one: Input, recognizer: Recognizer) -> Outcome:
        try:
            with open(one.path, "rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            return self._results.keep(one, "", Heard(error=unreadable(one.name, error)))
        earlier = self._results.earlier(one)
        if earlier is not None and earlier.sha256 == sha256:
            return earlier
        heard = hear(
            recognizer, one.path, one.name, self._settings, self._format, self._stopping.is_set
        )
        return self._results.keep(one, sha256, heard)
