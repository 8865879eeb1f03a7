"""A folder of recordings becomes a folder of transcripts, on several workers of this computer.

What is finished is a line of a ledger beside the transcripts, so that a run that was stopped goes
on with what is missing. Neither the number of workers nor the order makes a difference to any text.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from asr_core.audio import EXTENSIONS
from asr_core.errors import AsrError
from asr_core.export import as_file
from asr_core.jobs import Job, Recognizer
from asr_core.jobs.recognizer import DEFAULT_LOADER
from asr_core.saving import reason, save_bytes, save_text
from asr_core.settings import Settings
from asr_core.text.tidy import tidied

LEDGER = "batch.jsonl"

_TICK_S = 0.2  # between two looks at whether all is to stop
_OF_THE_PAGE = ("page_language", "keep_vocabulary", "start_at_once", "autosave", "servers")


@dataclass(frozen=True, slots=True)
class Input:
    """A recording, and its name below the folder, with "/" between the parts."""

    path: Path
    name: str
    n_bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recording.

    Attributes:
        sha256: of its bytes; empty where they could not be read.
        asked: which settings and format made the text, as a digest.
        duration: seconds of sound.
        error: the sentence, if it could not be transcribed to its end.
    """

    name: str
    sha256: str
    asked: str
    duration: float = 0.0
    error: str | None = None


def recordings_in(folder: Path, apart: Path) -> list[Input]:
    """Every recording in `folder` and the folders in it, by name; nothing hidden, no links.

    Args:
        apart: a folder that is left out, the one of the transcripts.

    Raises:
        AsrError: it is no folder, or holds no recording.
    """
    if not folder.is_dir():
        raise AsrError(f"{str(folder)!r} is no folder. Name the one the recordings are in.")
    found, left_out = [], apart.resolve()
    for place, folders, files in os.walk(folder):
        here = Path(place)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and (here / name).resolve() != left_out
        ]
        for name in files:
            path = here / name
            is_sound = path.suffix.lower().lstrip(".") in EXTENSIONS
            if is_sound and not name.startswith(".") and path.is_file() and not path.is_symlink():
                size = path.stat().st_size
                found.append(Input(path, path.relative_to(folder).as_posix(), size))
    if not found:
        raise AsrError(
            f"There is no recording in {str(folder)!r}, that is no {', '.join(EXTENSIONS[:6])} ..."
        )
    return sorted(found, key=lambda one: one.name)


class Batch:
    """One run over a folder.

    Args:
        out: gets the transcripts, each under the name of its recording with `.format` behind it,
            and the ledger.
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
        self._inputs, self._out = inputs, out
        self._settings, self._format = settings, format
        self._n_workers, self._loader = min(n_workers, len(inputs)), loader
        self._asked = _digest_of(settings, format)
        self._finished = _finished(out / LEDGER)
        self._stopping = threading.Event()
        self.before = 0

    def outcomes(self) -> Generator[tuple[Input, Outcome]]:
        """Of every recording as soon as it is done; whoever closes this stops the workers.

        The text of one that did not come to its end is kept, and a later run hears it again.

        Raises:
            AsrError: the model cannot be used, or the ledger cannot be written.
        """
        if (self._out / LEDGER).is_file():  # a last line that was cut off would spoil the next
            lines = map(_line, self._finished.values())
            save_text(self._out / LEDGER, "".join(lines))
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
                if outcome is self._finished.get(one.name):
                    self.before += 1
                else:
                    self._note(outcome)
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
            refusal = f"{one.name!r} cannot be read: {error.strerror}."
            return Outcome(one.name, "", self._asked, error=refusal)
        earlier = self._finished.get(one.name)
        same = earlier and (earlier.sha256, earlier.asked) == (sha256, self._asked)
        if earlier and same and self._target(one).is_file():
            return earlier
        job = self._heard(one, recognizer)
        if job.stage == "failed":  # perhaps of something that passes; twice is enough
            job = self._heard(one, recognizer)
        transcript, error = job.transcript, job.error
        assert transcript is not None, "a job that has ended has one"
        if job.stage == "cancelled":
            error = transcript.notes[0]
        if error is None or transcript.segments:
            text = as_file(tidied(transcript, self._settings.tidy), self._format)
            try:
                self._target(one).parent.mkdir(parents=True, exist_ok=True)
                save_bytes(self._target(one), text)
            except AsrError as refusal:
                error = str(refusal)
            except OSError as refusal:
                error = f"Cannot make the folder {self._target(one).parent}: {refusal.strerror}."
        return Outcome(one.name, sha256, self._asked, round(transcript.duration, 3), error)

    def _heard(self, one: Input, recognizer: Recognizer) -> Job:
        """The recording's job, at its end.

        Raises:
            AsrError: the model cannot be used, with any recording.
        """
        if recognizer.readiness.stage == "unknown":
            recognizer.prepare(self._settings)
        job = recognizer.submit(one.path, one.name, self._settings)
        while not job.wait(_TICK_S):
            if self._stopping.is_set() and not job.stop_asked:
                job.cancel()
            elif recognizer.readiness.stage == "failed":
                raise AsrError(recognizer.readiness.error)
        return job

    def _target(self, one: Input) -> Path:
        # With its own ending: `talk.mp3` and `talk.wav` may lie side by side.
        return self._out / f"{one.name}.{self._format}"

    def _note(self, outcome: Outcome) -> None:
        """Add a line to the ledger, readable by this user alone."""
        path = self._out / LEDGER
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            with open(os.open(path, flags, 0o600), "a", encoding="ascii") as file:
                file.write(_line(outcome))
        except OSError as error:
            raise AsrError(f"Cannot write {str(path)!r}: {reason(error)}.") from None


def _line(outcome: Outcome) -> str:
    return json.dumps(asdict(outcome)) + "\n"  # in ASCII: names may be no valid text


def _digest_of(settings: Settings, format: str) -> str:
    """The same for all that gives the same text."""
    made = {name: value for name, value in asdict(settings).items() if name not in _OF_THE_PAGE}
    said = json.dumps([made, format], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _finished(ledger: Path) -> dict[str, Outcome]:
    """What an earlier run finished, by name; of each name the last line counts."""
    outcomes: dict[str, Outcome] = {}
    try:
        lines = ledger.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return {}
    for line in lines:
        try:
            outcome = Outcome(**json.loads(line))
        except (ValueError, TypeError):  # cut off, when the computer went down
            continue
        outcomes[outcome.name] = outcome
    return {name: outcome for name, outcome in outcomes.items() if outcome.error is None}
