"""Moments at which a process is killed, and what a person does on the page up to there."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import traces
from household import Household
from marked_engine import WORK_S
from marks import Marks, encodings
from page_client import PageClient, PageGone

SPEECH = Path(__file__).resolve().parents[1] / "recordings" / "english-then-mandarin.flac"

PHASES = ("upload", "decode", "model", "streaming", "save")
VICTIMS = ("worker", "server", "both")
FORMATS = ("txt", "docx", "json", "srt", "md", "vtt")
STOPPED = "The recognizer stopped unexpectedly"
DECODING_S = 0.6  # that four minutes of silence take, before the first window comes

# Seconds of voice, of silence, of voice and so on, by what they are for.
_STRETCHES = {
    "short": (1.5, 0.5),
    "upload": (2.0, 60.0),
    "decode": (0.0, 240.0, 2.0),
    "model": (1.5, 3.0) * 8,
    "streaming": (1.5, 3.0) * 15,
    "save": (1.5, 0.6) * 30,
}


@dataclass
class Moment:
    """What is to be killed when, and with which recording."""

    number: int
    phase: str
    rng: np.random.Generator
    marks: Marks = field(init=False)

    def __post_init__(self) -> None:
        self.marks = Marks.random(self.rng)

    @property
    def victim(self) -> str:
        """Who is killed; they take turns."""
        return VICTIMS[self.number % len(VICTIMS)]

    def __str__(self) -> str:
        return f"{self.phase} {self.number}, {self.victim} killed"


def moments(phase: str, n: int) -> list[Moment]:
    """The moments of a phase, the same for the same KILLS_SEED, which is printed."""
    seed = int(os.environ.get("KILLS_SEED", "6"))
    print(f"\n{phase}: {n} kills, KILLS_SEED={seed}")
    children = np.random.SeedSequence([seed, PHASES.index(phase)]).spawn(n)
    return [Moment(i, phase, np.random.default_rng(child)) for i, child in enumerate(children)]


def start_anew(page: PageClient) -> None:
    """Back to the empty page, so that the next visitor does not find this one's recording."""
    page.set("new", trigger_value=True)
    page.until_shown("Drop a recording")


def _until_ended(page: PageClient) -> None:
    """Cut short, or done before the blow fell."""
    page.until(lambda: page.shows(STOPPED) or "save_as" in page.widgets)


class Visits:
    """One household, its page visited again and again.

    Attributes:
        needles: all that was ever to be kept secret here.
        in_phase: how many kills fell into the phase they were meant for, as far as can be told.
    """

    work_s = WORK_S  # that a window takes the engine

    def __init__(self, household: Household) -> None:
        self.household = household
        self.needles: list[bytes] = []
        self.in_phase: Counter[str] = Counter()
        self._proven = False

    def sound(self, marks: Marks, use: str) -> bytes:
        """A recording, marked."""
        return marks.recording(*_STRETCHES[use])

    def words(self, marks: Marks) -> str:
        """What the page shows once text comes."""
        return marks.word

    def prove(self) -> None:
        """The page starts and transcribes a recording, also as the next job after a kill."""
        if not self._proven:
            marks = Marks.random(np.random.default_rng())
            self.needles += marks.needles
            with self.household.page() as page:
                self.transcribe(page, marks, "short")
                start_anew(page)
            self._proven = True

    def transcribe(self, page: PageClient, marks: Marks, use: str) -> None:
        """From the upload to the finished page."""
        page.drop(marks.name, self.sound(marks, use))
        page.until_shown(self.words(marks))
        page.until(lambda: "save_as" in page.widgets)

    def kill(self, moment: Moment) -> list[str]:
        """Go on to the moment, kill, and look for what stayed, or did not go on as it should."""
        try:
            with self.at(moment) as (page, goes_on):
                found = self.household.strike(moment.victim, self.needles)
                if moment.victim == "worker":
                    goes_on()
                    start_anew(page)
            found += self.household.search(self.needles)
        except (TimeoutError, PageGone) as error:  # the next moment is another story
            found = [repr(error)]
            self.household.end()
        self.household.start()  # nobody waits for it yet
        return [f"{moment}: {trace}" for trace in found]

    @contextmanager
    def at(self, moment: Moment) -> Iterator[tuple[PageClient, Callable[[], object]]]:
        """The page at this moment, and what it does next when only the worker died."""
        self.prove()
        self._proven = False
        self.needles += moment.marks.needles
        self.household.listen_anew()
        goes_to = getattr(self, f"_{moment.phase}")
        with self.household.page() as page:
            yield page, goes_to(page, moment)

    def quit(self) -> list[str]:
        """The page works still, then ends as usual; nothing of any recording is left."""
        self.prove()
        return self.household.quit(self.needles) + self.household.search(self.needles)

    # Each goes to a moment within its phase.

    def _upload(self, page: PageClient, moment: Moment) -> Callable[[], object]:
        marks, share = moment.marks, moment.rng.random()
        upload = page.upload(marks.name, self.sound(marks, "upload"), hold_at=share)
        self.in_phase["upload"] += 1

        def goes_on() -> None:
            upload.finish()
            page.until_shown(self.words(marks))
            page.until(lambda: "save_as" in page.widgets)

        return goes_on

    def _decode(self, page: PageClient, moment: Moment) -> Callable[[], object]:
        page.drop(moment.marks.name, self.sound(moment.marks, "decode"))
        page.until(lambda: self.household.has_told("asked"))
        page.live(moment.rng.uniform(0.0, DECODING_S))
        self.in_phase["decode"] += not self.household.has_told("window")
        words = self.words(moment.marks)  # as long as not all was handed over, it is heard again
        return lambda: page.until(lambda: page.shows(STOPPED) or page.shows(words))

    def _model(self, page: PageClient, moment: Moment) -> Callable[[], object]:
        n_windows = int(moment.rng.integers(1, 4))
        page.drop(moment.marks.name, self.sound(moment.marks, "model"))
        page.until(lambda: self.household.has_told("window", n_windows))
        page.live(moment.rng.uniform(0.0, self.work_s))
        self.in_phase["model"] += not self.household.has_told("heard")
        return lambda: _until_ended(page)

    def _streaming(self, page: PageClient, moment: Moment) -> Callable[[], object]:
        page.drop(moment.marks.name, self.sound(moment.marks, "streaming"))
        page.until_shown(self.words(moment.marks))
        page.live(moment.rng.uniform(0.0, 6 * self.work_s))
        self.in_phase["streaming"] += not self.household.has_told("heard")
        return lambda: _until_ended(page)

    def _save(self, page: PageClient, moment: Moment) -> Callable[[], object]:
        self.transcribe(page, moment.marks, "save")
        page.set("save_as", bool_value=True)
        page.set("format", string_array_value=[str(moment.rng.choice(FORMATS))])
        page.live(0.5)  # a file that is asked for while the page is drawn anew is not found
        file = page.fetch()
        pieces = [next(file)]  # it was asked for
        time.sleep(moment.rng.uniform(0.0, 0.06))
        self.in_phase["save"] += 1

        def goes_on() -> None:
            assert traces.holds(b"".join([*pieces, *file]), self.needles)

        return goes_on


class RealVisits(Visits):
    """The bundled model, and speech that it understands; a murmur marks its sound."""

    work_s = 1.0

    def __init__(self, household: Household) -> None:
        super().__init__(household)
        self._speech, rate = soundfile.read(SPEECH, dtype="int16")
        assert rate == 16_000
        self._text = ""

    def sound(self, marks: Marks, use: str) -> bytes:
        silence = np.zeros(240 * 16_000 if use == "decode" else 0, np.int16)
        times = 3 if use in ("model", "streaming") else 1
        return marks.marked(np.concatenate([silence, *[self._speech] * times]), every=8000)

    def words(self, marks: Marks) -> str:
        return self._text

    def prove(self) -> None:
        """As above; the first time it learns what the model makes of the speech."""
        if not self._text:
            marks = Marks.random(np.random.default_rng(0))
            self.needles += marks.needles
            with self.household.page() as page:
                self.transcribe(page, marks, "short")
                page.set("save_as", bool_value=True)
                text = b"".join(page.fetch()).decode()
                start_anew(page)
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            self._text = max(lines[0].split()[:4], key=len)
            self.needles += encodings([line[at : at + 12] for line in lines for at in (0, 12)])
        super().prove()
