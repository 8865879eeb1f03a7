"""`sottovoce bench`: how right and how fast models are, on recordings whose text is known."""

from __future__ import annotations

import argparse
import json
import shlex
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from asr_core.bench import report
from asr_core.bench.grid import Cell, Plan, Row, command_row, file_name, rows_of, work
from asr_core.bench.machine import described
from asr_core.bench.manifest import Recording, read_recordings
from asr_core.bench.results import NORMALIZATION, summary
from asr_core.cli.console import Console
from asr_core.errors import AsrError
from asr_core.pace import Pace, clock
from asr_core.saving import save_text
from asr_core.settings import DecodeMode, Settings
from asr_core.text.vocabulary import read_lines

_TASTE = 12  # recordings of --quick


def bench(arguments: argparse.Namespace, console: Console) -> int:
    """Measure the grid, going on where an earlier run was stopped, and write the report."""
    recordings = _recordings(arguments)
    rows = _rows(arguments)
    plan = _plan(arguments)
    folder = Path(arguments.output)
    try:
        (folder / "cells").mkdir(parents=True, exist_ok=True)
        (folder / "texts").mkdir(exist_ok=True)
    except OSError as error:
        raise AsrError(f"Cannot make the folder {folder}: {error.strerror}.") from None
    cells = _cells(rows, recordings, plan, folder / "cells", console)
    if all("error" in cell for cell in cells.values()):
        raise AsrError("Nothing could be measured. See the sentences above.")
    results = {
        "made": time.strftime("%Y-%m-%d"),
        "command": shlex.join(["sottovoce", *arguments.typed]),
        "machine": described(),
        "normalization": NORMALIZATION,
        "plan": asdict(plan),
        "n_recordings": len(recordings),
        "rows": summary(rows, cells, recordings),
    }
    save_text(folder / "results.json", json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    for row in results["rows"]:
        if "error" not in row:
            lines = (
                json.dumps({"id": u["id"], "text": u["heard"]}, ensure_ascii=False) + "\n"
                for u in row["utterances"]
            )
            save_text(folder / "texts" / f"{file_name(row['name'])}.jsonl", "".join(lines))
    report.write(results, folder)
    for row in results["rows"]:
        console.text(_line(row) + "\n")
    console.say(f"The report is in {folder}: report.html, report.md and results.json.")
    return 0


def _recordings(arguments: argparse.Namespace) -> list[Recording]:
    """Those that were named; for a taste a few, of every language as many."""
    found = read_recordings(Path(arguments.manifest or arguments.folder))
    found = [recording for recording in found if arguments.only in recording.id]
    if not found:
        raise AsrError(f"No recording has {arguments.only!r} in its id.")
    if not arguments.quick:
        return found
    by_size = sorted(found, key=lambda recording: recording.n_bytes)
    groups = [
        [recording for recording in by_size if recording.language == language]
        for language in sorted({recording.language for recording in found})
    ]
    share = max(1, _TASTE // len(groups))
    taken = {recording.id for group in groups for recording in group[:share]}
    return [recording for recording in found if recording.id in taken]


def _rows(arguments: argparse.Namespace) -> list[Row]:
    vocabulary = read_lines(Path(arguments.vocabulary)) if arguments.vocabulary else ()
    settings = replace(Settings(vocabulary=vocabulary), device=arguments.device)
    preset: list[DecodeMode] = ["joint"] if arguments.quick else ["joint", "ctc"]
    modes: list[DecodeMode] = arguments.modes or preset
    rows = rows_of(settings, arguments.models, arguments.precisions, modes)
    rows += [Row(name) for name in arguments.peers]
    rows += [command_row(given) for given in arguments.commands]
    if not rows:
        raise AsrError("There is nothing to measure. Name --models, --peers or a --command.")
    names = [file_name(row.name) for row in rows]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise AsrError(f"Two rows of the report are called {twice!r}. Name each differently.")
    return rows


def _plan(arguments: argparse.Namespace) -> Plan:
    levels = [] if arguments.quick else [1, 2]
    levels = levels if arguments.concurrency is None else arguments.concurrency
    return Plan(
        runs=arguments.runs or (1 if arguments.quick else 3),
        threads=arguments.threads,
        concurrency=tuple(sorted({n for n in levels if n > 1})),
        languages=not arguments.quick,
        hour=arguments.hour,
    )


def _cells(
    rows: list[Row], recordings: list[Recording], plan: Plan, folder: Path, console: Console
) -> dict[str, dict[str, Any]]:
    """Every row's measurements, or why there are none."""
    loads = work(rows, recordings, plan)
    to_measure = [Cell(row, recordings, plan, folder) for row in rows]
    kept = [load for load, cell in zip(loads, to_measure, strict=True) if cell.kept is not None]
    position = sum(kept)
    if kept:
        console.say(f"{len(kept)} of {len(rows)} rows were measured before.")
    pace = Pace(at=position)
    cells = {}
    for cell, load in zip(to_measure, loads, strict=True):
        name, reached = cell.row.name, position

        def done(n_bytes: float, name: str = name) -> None:
            nonlocal reached
            reached += n_bytes
            pace.report(reached, sum(loads))
            left = "" if pace.eta is None else f", {clock(pace.eta)} left"
            console.status(f"{name}: {pace.fraction:.0%} of all{left}")

        try:
            cells[name] = cell.measured(done)
        except AsrError as error:  # the others can be compared without it
            cells[name] = {"error": str(error)}
            console.say(f"{name}: {error}")
        position += load if cell.kept is None else 0
        pace.report(position, sum(loads))
    return cells


def _line(row: dict[str, Any]) -> str:
    if "error" in row:
        return f"{row['name']}: not measured"
    rates = ", ".join(
        f"{name} {100 * figures['rate']:.2f} %"
        for name, figures in row["accuracy"].items()
        if " " not in name
    )
    factor = row["speed"]["real_time_factor"]
    return f"{row['name']}: {rates}" + (f"; real-time factor {factor:.4f}" if factor else "")
