"""`sottovoce batch`: a folder of recordings, on all of the computer, or on a cluster of them."""

from __future__ import annotations

import argparse
import os
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from asr_core import preflight
from asr_core.batch import LEDGER, Batch, recordings_in
from asr_core.batch.plan import Address, disclosure
from asr_core.cli.console import Console
from asr_core.errors import AsrError
from asr_core.pace import Pace, clock


def batch(arguments: argparse.Namespace, console: Console) -> int:
    """Transcribe what is in the folder and not done yet; what is wrong with one stops no other."""
    settings = arguments.settings
    folder, out = Path(arguments.folder), Path(arguments.out)
    inputs = recordings_in(folder, out)
    if out.exists() and not out.is_dir():
        raise AsrError(f"{str(out)!r} is a file. --out is the folder of the transcripts.")
    if arguments.yes and arguments.cluster is None:
        arguments.refuse("--yes belongs to --cluster")
    if arguments.cluster is None:
        n_workers = arguments.jobs or _fitting()
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, _cores() // n_workers)))
        work = Batch(inputs, out, settings, arguments.format, n_workers)
    else:
        from asr_core.batch.cluster import ClusterBatch

        if settings.server is not None:
            raise AsrError("A server and a cluster cannot both recognize. Leave one of them out.")
        settings = replace(settings, servers=())  # their tokens are nobody's business there
        address = Address.parse(arguments.cluster)
        console.say(disclosure(address))
        if not arguments.yes and not console.agrees("Send the recordings there?"):
            console.say("Nothing was sent.")
            return 1
        work = ClusterBatch(inputs, out, settings, arguments.format, address, arguments.jobs)
    n_bytes, n_failed, seconds, began = 0, 0, 0.0, time.monotonic()
    pace = Pace()
    with closing(work.outcomes()) as outcomes:
        for n, (one, outcome) in enumerate(outcomes, 1):
            n_bytes += one.n_bytes
            if outcome.error is not None:
                n_failed += 1
                console.say(f"{one.name}: {outcome.error}")
            else:
                seconds += outcome.duration
            pace.report(float(n_bytes), float(sum(each.n_bytes for each in inputs)))
            left = f", {clock(pace.eta)} left" if pace.eta is not None else ""
            console.status(f"{n} of {len(inputs)} recordings{left}")
    took = time.monotonic() - began
    n_done = len(inputs) - n_failed - work.before
    console.say(
        f"{n_done} transcribed, {work.before} done before, {n_failed} failed, "
        f"{clock(seconds)} of sound in all; it took {clock(took)}. "
        f"{out / LEDGER} lists them."
    )
    return 1 if n_failed else 0


def _cores() -> int:
    """Real ones: two threads on one core are hardly faster than one."""
    import psutil

    return psutil.cpu_count(logical=False) or psutil.cpu_count() or 1


def _fitting() -> int:
    """A worker a core, as far as there is memory for the bundled model in each."""
    import psutil

    return max(1, min(_cores(), psutil.virtual_memory().available // preflight.RUN - 1))
