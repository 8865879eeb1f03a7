"""Waiting for what another thread or process does."""

from __future__ import annotations

import time

PATIENCE = 60.0  # seconds for a machine that is busy with other things; nothing takes so long


def until(claim, seconds=PATIENCE, pause=0.01):
    """Look again and again until something is so."""
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "it never came true"
        time.sleep(pause)


def finished(job):
    """The job, once it has ended."""
    assert job.wait(PATIENCE)
    assert not job.running
    return job
