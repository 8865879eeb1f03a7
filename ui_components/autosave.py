"""The encrypted autosave: what lies on the desks goes into journals, by a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from asr_core.errors import AsrError
from asr_core.journal import Journal, Key, new_path, unforeseen
from asr_core.scribe import Scribe, ScribeEndedError
from ui_components.run import Run

EVERY = 1.0  # seconds between two looks at what a person has changed
_PATIENCE_S = 10.0  # for a slow disk


@dataclass
class _Book:
    """The journal of one run.

    Attributes:
        older: files that it replaces, once something of its own is on the disk.
    """

    run: Run
    journal: Journal
    path: Path = field(default_factory=new_path)
    older: list[Path] = field(default_factory=list)


class Autosave:
    """Off until it is turned on with a passphrase; then every run with text has a journal.

    Words are written as they come, and what a person changes within a second. A journal is deleted
    when its run is discarded or kept in a project. What is only no longer shown, since the page was
    closed or the server ends, stays on the disk for the next time. Any thread may use it.

    Args:
        runs: gives the runs there are.

    Attributes:
        problem: a sentence as long as something cannot be written, else empty.
    """

    def __init__(self, runs: Callable[[], Sequence[Run]]) -> None:
        self.problem = ""
        self._runs = runs
        self._lock = threading.Lock()  # of turning on and off
        self._wake = threading.Event()
        self._key: Key | None = None
        self._thread: threading.Thread | None = None
        # What follows is the thread's own while it lives.
        self._scribe: Scribe | None = None
        self._books: dict[str, _Book] = {}  # by job

    @property
    def on(self) -> bool:
        """Whether texts are being saved."""
        return self._thread is not None

    def turn_on(self, passphrase: str) -> None:
        """Save from now on, also what is there already; without effect when it is on.

        Raises:
            AsrError: the passphrase is too short.
        """
        with self._lock:
            if not self.on:
                self._key = Key.of(passphrase)
                self._thread = threading.Thread(target=self._serve, name="autosave", daemon=True)
                self._thread.start()

    def turn_off(self) -> None:
        """Save no more, and delete what was saved of the runs there are."""
        with self._lock:
            self._stop()
            for book in self._books.values():
                for path in (book.path, *book.older):
                    with suppress(OSError):
                        path.unlink(missing_ok=True)
            self._books = {}
            self.problem = ""

    def close(self) -> None:
        """Save once more, then no more; the files stay."""
        with self._lock:
            self._stop()
            self._books = {}

    def wake(self) -> None:
        """Something has changed; save it now."""
        self._wake.set()

    def _stop(self) -> None:
        if self._thread is None or self._key is None:
            return
        thread, self._key = self._thread, None  # the thread ends without a key
        self._wake.set()
        thread.join(_PATIENCE_S)
        self._thread = None

    # From here on everything runs in the autosave's own thread.

    def _serve(self) -> None:
        key = self._key
        while key is not None:
            self._wake.clear()  # first: what comes during the look is for the next one
            self._look(key)
            self._wake.wait(EVERY)
            key, last = self._key, key
            if key is None:
                self._look(last)
        if self._scribe is not None:
            self._scribe.end()
            self._scribe = None

    def _look(self, key: Key) -> None:
        """Bring every journal up to date; what fails is tried again at the next look."""
        runs, problem = self._runs(), ""
        gone = self._books.keys() - {run.job.id for run in runs}
        work: list[Callable[[], object]] = [self._helper]  # it takes a while to start: do it early
        work += [partial(self._close, job_id) for job_id in gone]
        work += [partial(self._save, run, key) for run in runs]
        for step in work:
            try:
                step()
            except ScribeEndedError as error:
                problem = str(error)
                self._begin_anew(key)
                break
            except AsrError as error:
                problem = str(error)
            except Exception as error:  # a person who relies on this must hear that it failed
                problem = str(unforeseen(error))
        self.problem = problem

    def _save(self, run: Run, key: Key) -> None:
        project, book = run.project, self._books.get(run.job.id)
        if run.is_kept or run.is_discarded:
            if book is not None:
                self._close(run.job.id)
            return
        if not project.transcript.segments:
            return
        if book is None:
            book = _Book(run, Journal(key))
            book.older += [run.recovered_from] if run.recovered_from is not None else []
            self._books[run.job.id] = book
        if record := book.journal.record(project):
            self._helper().append(book.path, record)
            book.journal.written()
        while book.older:
            self._helper().delete(book.older[-1])
            book.older.pop()

    def _close(self, job_id: str) -> None:
        """Write no more of a run: it is kept or discarded, or only no longer there."""
        book = self._books[job_id]
        if book.run.is_kept or book.run.is_discarded:
            for path in (book.path, *book.older):
                self._helper().delete(path)
        else:
            self._helper().leave(book.path)
        del self._books[job_id]

    def _helper(self) -> Scribe:
        if self._scribe is None:
            self._scribe = Scribe()
        return self._scribe

    def _begin_anew(self, key: Key) -> None:
        """The helper is gone, so its files are nobody's: others take their place."""
        if self._scribe is not None:
            self._scribe.end()
            self._scribe = None
        for job_id, book in self._books.items():
            older = [*book.older, book.path]
            self._books[job_id] = _Book(book.run, Journal(key), older=older)
