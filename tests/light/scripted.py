"""A recognizer for the tests of the page: its jobs are where a test puts them."""

from datetime import UTC, datetime

from asr_core.privacy.receipt import Receipt
from asr_core.result import Language, Transcript

MIXED = Language(0.5, 0.5, 0.0, "mixed")
NOTHING = Language(0.0, 0.0, 0.0, "none")


class ScriptedJob:
    """A job that is where the test puts it."""

    def __init__(self, name):
        self.name, self.stage, self.running = name, "transcribing", True
        self.fraction, self.eta = 0.0, None
        self.segments, self.transcript, self.error, self.receipt = (), None, None, None

    def cancel(self):
        if self.running:
            self.end("cancelled", self.segments)

    def end(self, stage, segments=(), error=None, notes=()):
        """The job is over."""
        language = MIXED if segments else NOTHING
        self.transcript = Transcript(
            self.name, 192.0, tuple(segments), language, "sottovoce-base", "joint", notes
        )
        self.error = error
        self.receipt = Receipt(5, 0, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), ())
        self.stage, self.running = stage, False


class ScriptedRecognizer:
    """Takes recordings and does nothing with them until the test says so."""

    def __init__(self, held=None):
        self.jobs, self.given, self.calls = [], [], []

    def prepare(self, settings):
        self.calls.append("prepare")

    def submit(self, source, name, settings):
        self.jobs.append(ScriptedJob(name))
        self.given.append((source, name, settings))
        return self.jobs[-1]

    def ahead_of(self, job):
        return 2

    def forget(self):
        self.calls.append("forget")

    def look(self):
        return None

    def check(self, job):
        self.calls.append("check")

    def close(self):
        self.calls.append("close")
