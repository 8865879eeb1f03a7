"""The folder of the transcripts, and in it the ledger of what became of each recording."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from asr_core.batch.hearing import Heard
from asr_core.batch.inputs import Input
from asr_core.errors import AsrError
from asr_core.saving import reason, save_bytes, save_text
from asr_core.settings import Settings

LEDGER = "batch.jsonl"

_OF_THE_PAGE = ("page_language", "keep_vocabulary", "start_at_once", "autosave", "servers")


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


class Results:
    """What earlier runs have left in a folder, and what this one adds.

    Args:
        folder: gets the transcripts, each under the name of its recording with `.format` behind
            it, and the ledger.
    """

    def __init__(self, folder: Path, settings: Settings, format: str) -> None:
        self.folder, self._format = folder, format
        self._asked = _digest_of(settings, format)
        self._finished = _finished(folder / LEDGER)

    def mend(self) -> None:
        """Write the ledger anew: a last line that was cut off would spoil the next.

        Raises:
            AsrError: it cannot be written.
        """
        if (self.folder / LEDGER).is_file():
            save_text(self.folder / LEDGER, "".join(map(_line, self._finished.values())))

    def earlier(self, one: Input) -> Outcome | None:
        """What an earlier run made of it, asked for the same, if the text is still there.

        It counts only for a recording with the same bytes: compare their digest.
        """
        found = self._finished.get(one.name)
        is_same = found is not None and found.asked == self._asked
        return found if is_same and self._target(one).is_file() else None

    def keep(self, one: Input, sha256: str, heard: Heard) -> Outcome:
        """Save the text of a recording; that it cannot be saved is in what is returned."""
        error = heard.error
        if heard.text is not None:
            try:
                self._target(one).parent.mkdir(parents=True, exist_ok=True)
                save_bytes(self._target(one), heard.text)
            except AsrError as refusal:
                error = str(refusal)
            except OSError as refusal:
                error = f"Cannot make the folder {self._target(one).parent}: {refusal.strerror}."
        return Outcome(one.name, sha256, self._asked, heard.duration, error)

    def note(self, outcome: Outcome) -> None:
        """Add a line to the ledger, readable by this user alone.

        Raises:
            AsrError: it cannot be written.
        """
        path = self.folder / LEDGER
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            with open(os.open(path, flags, 0o600), "a", encoding="ascii") as file:
                file.write(_line(outcome))
        except OSError as error:
            raise AsrError(f"Cannot write {str(path)!r}: {reason(error)}.") from None

    def _target(self, one: Input) -> Path:
        # With its own ending: `talk.mp3` and `talk.wav` may lie side by side.
        return self.folder / f"{one.name}.{self._format}"


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
