"""The grid: every model in every precision and way to decode, and peers, cell by cell.

A cell that is done is a file in the folder of the run, so that a run that was interrupted goes on
with the first cell that has none.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from asr_core.bench.manifest import Recording
from asr_core.children import command
from asr_core.engines import searches
from asr_core.engines.folders import folder_of
from asr_core.errors import AsrError
from asr_core.model.whisper import PACKAGES, data_file
from asr_core.privacy import guard
from asr_core.privacy.guard import offline_environment
from asr_core.saving import save_text
from asr_core.settings import DecodeMode, Precision, Settings

FASTER, OPENAI = PEERS = ("faster-whisper", "openai-whisper")
TOGETHER_S = 240.0  # seconds of sound that streams side by side are measured on
PREFIXES_S = (1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Row:
    """What is measured against the others: ours with settings, a peer, or somebody's command.

    Attributes:
        template: a command, {file} is the recording.
        asks_language: whether the language after 1, 2 and 5 seconds is asked for, which hardly
            depends on the way to decode.
    """

    name: str
    settings: Settings | None = None
    template: str | None = None
    asks_language: bool = False

    @property
    def kind(self) -> str:
        return "ours" if self.settings else "command" if self.template else self.name


@dataclass(frozen=True, slots=True)
class Plan:
    """How every cell is measured.

    Attributes:
        runs: of every recording; the median counts.
        threads: of every recognizer.
        concurrency: how many streams of recordings side by side, above 1.
        languages: whether rows that ask for the language by duration do.
        hour: whether an hour of sound, made of the recordings, is recognized in one go.
    """

    runs: int
    threads: int
    concurrency: tuple[int, ...]
    languages: bool
    hour: bool


Done = Callable[[float], None]  # told how many bytes of recordings have been worked through


def rows_of(
    settings: Settings,
    models: Sequence[str],
    precisions: Sequence[Precision],
    modes: Sequence[DecodeMode],
) -> list[Row]:
    """Ours, a row for each; a model that has one way to decode gets one row a precision."""
    rows = []
    for model in models:
        named = modes if searches(model) else modes[:1]
        for precision in precisions:
            for mode in named:
                chosen = replace(settings, engine=model, precision=precision, decode=mode)
                shown = Path(model).name
                parts = [shown, precision, *([mode] if searches(model) else [])]
                rows.append(Row(" ".join(parts), chosen, asks_language=mode == named[0]))
    return rows


def command_row(given: str) -> Row:
    """The row of NAME=TEMPLATE.

    Raises:
        AsrError: it is not of this form.
    """
    name, _, template = given.partition("=")
    words = _words(template)
    if not name.strip() or not words or "{file}" not in template:
        raise AsrError(f"{given!r} is no command to compare with. Write NAME=PROGRAM ... {{file}}.")
    return Row(name.strip(), template=template)


def work(rows: Sequence[Row], recordings: Sequence[Recording], plan: Plan) -> list[float]:
    """Bytes of recordings that each row works through, about."""
    n_bytes = float(sum(recording.n_bytes for recording in recordings))
    return [
        n_bytes * plan.runs
        + n_bytes * (plan.languages and row.asks_language)
        + (n_bytes * len(plan.concurrency) + _hour_bytes(recordings) * plan.hour)
        * (row.kind != "command")
        for row in rows
    ]


def _hour_bytes(recordings: Sequence[Recording]) -> float:
    """Bytes of recordings that make an hour; of unknown length: all of them."""
    n_bytes = float(sum(recording.n_bytes for recording in recordings))
    durations = [recording.duration for recording in recordings if recording.duration]
    is_known = len(durations) == len(recordings)
    return n_bytes * 3600 / sum(durations) if is_known else n_bytes


class Cell:
    """A row over recordings, as measured now or, in the folder of the run, before.

    Attributes:
        kept: the measurements that the folder had; None: they are still to be made.
    """

    def __init__(self, row: Row, recordings: Sequence[Recording], plan: Plan, folder: Path) -> None:
        self.row = row
        self._recordings, self._plan, self._folder = recordings, plan, folder
        self._key = _key(row, recordings, plan)
        self._path = folder / f"{file_name(row.name)}.json"
        self.kept = _kept(self._path, self._key)

    def measured(self, done: Done) -> dict[str, Any]:
        """The measurements; those that had to be made are in the folder from then on.

        Raises:
            AsrError: it cannot be measured, for a reason in words.
        """
        if self.kept is not None:
            return self.kept
        if self.row.template is not None:
            found = _by_command(self.row.template, self._recordings, self._plan, done)
        else:
            found = _by_process(self.row, self._recordings, self._plan, self._folder, done)
        save_text(self._path, json.dumps({"key": self._key, **found}, ensure_ascii=False))
        return found


def _kept(path: Path, key: str) -> dict[str, Any] | None:
    """The measurements in a file, if they are of this order."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("key") == key else None


def file_name(name: str) -> str:
    """A row's name as the name of a file."""
    return re.sub(r"[^\w.-]+", "-", name)


def _key(row: Row, recordings: Sequence[Recording], plan: Plan) -> str:
    """Of everything that a measurement depends on and that can be known without making it."""
    weights: list[tuple[str, int, int]] = []
    if row.settings is not None:
        model = folder_of(row.settings.engine)
        for path in sorted(model.iterdir()) if model.is_dir() else [model]:
            about = path.stat()
            weights.append((path.name, about.st_size, about.st_mtime_ns))
    order = [
        metadata.version("sottovoce"),
        row.kind,
        None if row.settings is None else asdict(row.settings),
        row.template,
        row.asks_language,
        asdict(plan),
        weights,
        [(str(r.path.resolve()), r.n_bytes, r.path.stat().st_mtime_ns) for r in recordings],
    ]
    return hashlib.sha256(json.dumps(order).encode()).hexdigest()


def _by_process(
    row: Row, recordings: Sequence[Recording], plan: Plan, folder: Path, done: Done
) -> dict[str, Any]:
    order = {
        "peer": None,
        "folder": None,
        "settings": None,
        "threads": plan.threads,
        "runs": plan.runs,
        "files": [str(recording.path.resolve()) for recording in recordings],
        "prefixes_s": PREFIXES_S if plan.languages and row.asks_language else (),
        "together": False,
        "hour": plan.hour,
    }
    if row.settings is not None:
        order["settings"] = asdict(row.settings)
    else:
        order["peer"] = row.name
        if row.name == FASTER:
            order["folder"] = str(_peer_model(folder.parent / "peer").resolve())
    found: dict[str, Any] = {
        "utterances": [{"id": r.id, "seconds": [], "prefixes": {}} for r in recordings]
    }
    with _cell(row.name, order) as answers:
        for answer in answers:
            if "at" not in answer:
                found |= answer
                continue
            at = answer.pop("at")
            utterance = found["utterances"][at]
            n_bytes = recordings[at].n_bytes
            if "prefix_s" in answer:
                utterance["prefixes"][f"{answer['prefix_s']:g}"] = answer["label"]
                done(n_bytes / len(PREFIXES_S))
            else:
                utterance["seconds"].append(answer.pop("seconds"))
                utterance.setdefault("first_s", []).append(answer.pop("first_s"))
                utterance |= {name: answer[name] for name in ("text", "duration", "label")}
                done(n_bytes)
    if plan.hour:
        done(_hour_bytes(recordings))
    if "peak_bytes" not in found:
        raise AsrError(f"{row.name} stopped before its end; it may have run out of memory.")
    durations = [utterance["duration"] for utterance in found["utterances"]]
    found["together"] = []
    for n in plan.concurrency:
        found["together"].append(_together(row.name, order, n, durations, plan.threads))
        done(sum(recording.n_bytes for recording in recordings))
    return found


def _together(
    name: str, order: dict[str, Any], n: int, durations: list[float], n_threads: int
) -> dict[str, Any]:
    """Seconds of sound a second by `n` streams side by side, each a process with its model."""
    shares: list[list[int]] = [[] for _ in range(n)]
    spent = [0.0] * n
    order_of_size = sorted(range(len(durations)), key=lambda at: -durations[at])
    for at in order_of_size:
        if durations[at] > TOGETHER_S / n or sum(spent) + durations[at] > TOGETHER_S:
            continue
        least = spent.index(min(spent))
        shares[least].append(at)
        spent[least] += durations[at]
    if not all(shares):
        return {"n": n, "error": "there are too few recordings"}
    with ExitStack() as stack:
        cells = []
        for share in shares:
            files = [order["files"][at] for at in share]
            own = {
                **order, "files": files, "runs": 1, "prefixes_s": (), "together": True,
                "threads": max(1, n_threads // n), "hour": False,
            }  # fmt: skip
            cells.append(stack.enter_context(_cell(name, own)))
        for cell in cells:
            if not any("ready" in answer for answer in cell):
                return {"n": n, "error": "there is not enough memory"}
        began = time.perf_counter()
        for cell in cells:
            cell.go()
        peaks = [
            answer["peak_bytes"] for cell in cells for answer in cell if "peak_bytes" in answer
        ]
        seconds = time.perf_counter() - began
    if len(peaks) < n:
        return {"n": n, "error": "there is not enough memory"}
    return {"n": n, "seconds": seconds, "audio_s": sum(spent), "peak_bytes": sum(peaks)}


class _Answers:
    """The answers of a cell's process as they come; a refusal is raised."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __iter__(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            answer = json.loads(line)
            if "error" in answer:
                raise AsrError(answer["error"])
            yield answer
            if "ready" in answer:
                return

    def go(self) -> None:
        """What waits may begin."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()


@contextmanager
def _cell(name: str, order: dict[str, Any]) -> Iterator[_Answers]:
    """A process that carries out an order; it is gone afterwards."""
    threads = str(order["threads"])
    process = subprocess.Popen(
        command("asr_core.bench.cell"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # libraries print names of files there
        env=offline_environment(os.environ) | {"OMP_NUM_THREADS": threads},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        encoding="utf-8",
    )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        yield _Answers(process)
    except (BrokenPipeError, ValueError):
        raise AsrError(f"{name} stopped before its end; it may have run out of memory.") from None
    finally:
        process.kill()
        process.communicate()


def _by_command(
    template: str, recordings: Sequence[Recording], plan: Plan, done: Done
) -> dict[str, Any]:
    """Somebody's program, started anew for every recording, which is part of its time."""
    utterances = []
    shortest = min(recordings, key=lambda recording: recording.n_bytes)
    _said(template, shortest.path)  # warm-up: its files are then in the cache of the system
    for recording in recordings:
        seconds, text = [], ""
        for _ in range(plan.runs):
            began = time.perf_counter()
            text = _said(template, recording.path)
            seconds.append(time.perf_counter() - began)
            done(recording.n_bytes)
        utterances.append({"id": recording.id, "text": text, "seconds": seconds, "prefixes": {}})
    return {"utterances": utterances, "together": []}


def _said(template: str, path: Path) -> str:
    words = [word.replace("{file}", str(path)) for word in _words(template)]
    try:
        with guard.letting_start(words[0]):
            run = subprocess.run(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
    except OSError as error:
        raise AsrError(f"Cannot start {words[0]!r}: {error.strerror}.") from None
    if run.returncode:
        raise AsrError(
            f"{words[0]!r} ended with the code {run.returncode} on {path.name!r}. Try the command "
            "in a terminal."
        )
    return run.stdout.decode("utf-8", "replace").strip()


def _words(template: str) -> list[str]:
    try:
        if os.name == "nt":  # where a backslash is part of a path
            return [word.strip('"') for word in shlex.split(template, posix=False)]
        return shlex.split(template)
    except ValueError:  # a quote that is not closed
        return []


def _peer_model(folder: Path) -> Path:
    """The bundled Whisper base as faster-whisper wants it, 146 MB."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes(data_file(name).read_bytes())
    halves = zip(("model.bin.part1", "model.bin.part2"), PACKAGES, strict=True)
    joined = b"".join(data_file(name, package).read_bytes() for name, package in halves)
    (folder / "model.bin").write_bytes(joined)
    return folder
