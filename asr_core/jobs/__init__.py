"""Recognition in a process of its own, which stays warm between recordings."""

from asr_core.jobs.job import Begun, Job, Stage, stopped
from asr_core.jobs.kept import kept
from asr_core.jobs.live import LiveSound
from asr_core.jobs.recognizer import Readiness, Recognizer

__all__ = ["Begun", "Job", "LiveSound", "Readiness", "Recognizer", "Stage", "kept", "stopped"]
