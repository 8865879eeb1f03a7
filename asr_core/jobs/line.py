"""The line of jobs before the one worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from asr_core.jobs.job import Job


class Line:
    """Jobs that have not ended, in the order they are to be done. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: list[Job] = []
        self._current: Job | None = None

    def __iter__(self) -> Iterator[Job]:
        with self._lock:
            return iter(list(self._jobs))

    @property
    def current(self) -> Job | None:
        """The one that is being done."""
        return self._current

    def add(self, job: Job) -> bool:
        """A job more, behind all others; True if there are others."""
        with self._lock:
            self._jobs.append(job)
            return len(self._jobs) > 1

    def leave(self, job: Job) -> bool:
        """Take a job out that has not begun; False if it is too late for that."""
        with self._lock:
            waits = self._current is not job and job in self._jobs
            if waits:
                self._jobs.remove(job)
            return waits

    def move(self, job: Job, other: Job) -> None:
        """`job` goes to the place of `other`, if both have not begun."""
        with self._lock:
            if job in self._jobs and other in self._jobs and self._current not in (job, other):
                place = self._jobs.index(other)
                self._jobs.remove(job)
                self._jobs.insert(place, job)

    def begin(self) -> Job | None:
        """The first that waits becomes the current one; None if nobody does."""
        with self._lock:
            job = next((job for job in self._jobs if job.stage == "waiting"), None)
            if job is not None:
                self._current = job
                job.enter("loading")
            return job

    def finish(self, job: Job) -> None:
        """The current one is over."""
        with self._lock:
            self._current = None
            self._jobs.remove(job)

    def ahead_of(self, job: Job) -> int:
        """How many that are done or wait are before `job`."""
        with self._lock:
            before = self._jobs[: self._jobs.index(job)] if job in self._jobs else []
            return sum(other.stage != "held" for other in before)

    def waiting(self) -> list[Job]:
        """Those whose turn will come."""
        return [job for job in self if job.stage == "waiting"]
