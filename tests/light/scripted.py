"""A recognizer for the tests of the page: its jobs are where a test puts them."""

from concurrent.futures import Future
from datetime import UTC, datetime

from asr_core.audio.clip import WHOLE
from asr_core.jobs import Readiness
from asr_core.privacy.receipt import Receipt
from asr_core.result import Language, Transcript

MIXED = Language(0.5, 0.5, 0.0, "mixed")
NOTHING = Language(0.0, 0.0, 0.0, "none")


class ScriptedJob:
    """A job that is where the test puts it; its `duration` is what the recording's header says."""

    def __init__(self, name, settings, clip, stage):
        self.id = f"{name}-{id(self)}"
        self.name, self.stage, self.running = name, stage, True
        self.settings, self.clip = settings, clip
        self.fraction, self.eta, self.length = 0.0, None, None
        self.segments, self.transcript, self.error, self.receipt = (), None, None, None
        self.position, self.duration, self.is_quiet = 0.0, None, False
        self.draft = ""

    def partial(self):
        """The transcript as far as it got."""
        return Transcript(self.name, 0.0, self.segments, MIXED, "sottovoce-base", "joint")

    def cancel(self):
        if self.running:
            self.end("cancelled", self.segments)

    def wait(self, timeout=None):
        return not self.running

    def end(self, stage, segments=(), error=None, notes=()):
        """The job is over."""
        language = MIXED if segments else NOTHING
        self.segments = tuple(segments)
        self.transcript = Transcript(
            self.name, 192.0, tuple(segments), language, "sottovoce-base", "joint", notes
        )
        self.error = error
        self.receipt = Receipt(5, 0, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), ())
        self.stage, self.running = stage, False


class ScriptedRecognizer:
    """Takes recordings and does nothing with them until the test says so.

    The first job runs, the others wait.
    """

    def __init__(self, held=None, experience=None):
        self.jobs, self.given, self.calls, self.asked, self.begun = [], [], [], [], []
        self.readiness = Readiness("ready")

    def prepare(self, settings):
        self.calls.append("prepare")

    def submit(self, source, name, settings, clip=WHOLE, hold=False, begun=None):
        busy = any(job.running and job.stage != "held" for job in self.jobs)
        stage = "held" if hold else "waiting" if busy else "transcribing"
        self.jobs.append(ScriptedJob(name, settings, clip, stage))
        self.given.append((source, name, settings))
        self.begun.append(begun)
        return self.jobs[-1]

    def refuse(self, name, settings, sentence):
        job = ScriptedJob(name, settings, WHOLE, "waiting")
        job.end("failed", error=sentence)
        return job

    def release(self, job, settings, clip):
        if job.stage == "held":
            job.stage, job.settings, job.clip = "waiting", settings, clip

    def move(self, job, other):
        self.jobs.remove(job)
        self.jobs.insert(self.jobs.index(other), job)

    def remaining(self, job):
        return job.eta

    def ahead_of(self, job):
        return 2

    def hear_again(self, source, name, settings, clip):
        self.asked.append((settings.language, clip, Future()))
        return self.asked[-1][-1]

    def align(self, source, name, settings, clip, text, language):
        self.asked.append((text, clip, Future()))
        return self.asked[-1][-1]

    def forget(self):
        self.calls.append("forget")

    def renew(self):
        self.calls.append("renew")

    def look(self):
        return None

    def check(self, job):
        self.calls.append("check")

    def close(self):
        self.calls.append("close")
