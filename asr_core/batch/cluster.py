"""A folder of recordings becomes a folder of transcripts, on the machines of a Ray cluster.

    numbers of the recordings -> pool of workers, each: take it from the desk, hear it -> rows
          -> this process: transcript and ledger

Ray Data keeps the pool, between one worker and what the cluster has room for, and hands the numbers
out. Decoding, segments and model are one step, not three: where a recording may be cut depends on
the speech found until there, and a window is read with what was read before it, so its parts cannot
be heard apart with the same text. So a worker hears a recording as the page does, by a
`Recognizer`: the decoder in its sandbox and the model in a process without a network, on that
machine as on this one. Ray's own processes see bytes go in and text come out.

A worker gives what is wrong with a recording as a row: an exception would lose it without a word.
One that died is replaced and the recording is begun again, for ever if nobody counted; the desk
counts, on the disk.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from asr_core.batch.desk import ATTEMPTS, Desk, Handed
from asr_core.batch.hearing import Heard, hear
from asr_core.batch.inputs import Input
from asr_core.batch.plan import Address, Version, check_versions, plan
from asr_core.batch.results import Outcome, Results
from asr_core.errors import AsrError
from asr_core.jobs import Recognizer
from asr_core.jobs.recognizer import DEFAULT_LOADER
from asr_core.preflight import RUN
from asr_core.privacy import guard
from asr_core.settings import Settings

CONNECT_S = 30.0  # seconds; Ray itself would try for two minutes, then end this process
START_S = 120.0  # seconds a machine may take to start a first worker, or a small task

_LOOK_S = 5.0  # seconds without news, after which the head is knocked at
_MOST_MISSED = 3  # times in a row that it may not answer; Ray gives up after a minute
_READERS = 4  # recordings that the desk reads side by side


class ClusterBatch:
    """One run over a folder, for whoever has asked the person (`asr_core.batch.plan.disclosure`).

    Args:
        out: gets the transcripts and the ledger; on this computer, like the recordings.
        address: of a cluster that this computer is part of.
        most: workers, if the cluster has room for so many.

    Attributes:
        before: recordings that an earlier run had finished.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        out: Path,
        settings: Settings,
        format: str,
        address: Address,
        most: int | None = None,
        *,
        loader: str = DEFAULT_LOADER,
    ) -> None:
        self._inputs, self._results = inputs, Results(out, settings, format)
        self._order = (settings, format, loader)
        self._address, self._most = address, min(most or len(inputs), len(inputs))
        self.before = 0

    def outcomes(self) -> Generator[tuple[Input, Outcome]]:
        """Of every recording as soon as it is done; whoever closes this stops the workers.

        Raises:
            AsrError: the cluster or the model cannot be used, or the ledger cannot be written.
        """
        self._address.knock()
        ray = _ray()
        _connect(ray, self._address)
        may_forget = True
        try:
            yield from self._received(_watched(self._rows(ray), self._address))
        except _GoneError:
            may_forget = False
            raise AsrError(
                f"The cluster at {self._address} does not answer any more. What is finished is "
                "kept: give the command again when it does."
            ) from None
        except ray.exceptions.GetTimeoutError:
            raise AsrError(
                f"The cluster at {self._address} started no worker within {START_S:.0f} seconds. "
                "`ray status` there says what it waits for."
            ) from None
        except ray.exceptions.RayError as error:
            may_forget = False  # perhaps it was a recording that did it
            raise AsrError(
                f"The cluster at {self._address} broke off ({type(error).__name__}). What is "
                "finished is kept: give the command again."
            ) from None
        finally:
            if self._address.answers():  # Ray would wait for it
                ray.shutdown()  # ends the workers and the desk
            if may_forget:
                (self._results.folder / ATTEMPTS).unlink(missing_ok=True)

    def _rows(self, ray: Any) -> Iterable[Mapping[str, Any]]:
        """Of every recording one, in any order."""
        here = ray.get_runtime_context().get_node_id()
        _check_machines(ray, here)
        settings = self._order[0]
        pool = plan(ray.available_resources(), settings.device, self._most)
        self._results.mend()
        earlier = map(self._results.earlier, self._inputs)
        desk = ray.remote(
            num_cpus=0,
            max_concurrency=_READERS,
            max_restarts=-1,
            max_task_retries=-1,
            scheduling_strategy=_on(ray, here),
        )(Desk).remote(
            [Input(one.path.absolute(), one.name, one.n_bytes) for one in self._inputs],
            [outcome.sha256 if outcome else "" for outcome in earlier],
            self._results.folder.absolute(),
        )
        context = ray.data.DataContext.get_current()
        context.wait_for_min_actors_s = START_S
        # One recording at a time for each worker, none waits behind a long one; so a pool is at
        # work to the full at 1, and shall grow then.
        context.autoscaling_config.actor_pool_util_upscaling_threshold = 0.5
        context.autoscaling_config.actor_pool_util_downscaling_threshold = 0.25
        numbers = [{"number": number} for number in range(len(self._inputs))]
        return (
            ray.data.from_items(numbers, override_num_blocks=len(numbers))
            .map_batches(
                _Worker,
                batch_size=1,
                compute=ray.data.ActorPoolStrategy(
                    min_size=1, max_size=pool.n_workers, max_tasks_in_flight_per_actor=1
                ),
                fn_constructor_args=(desk, *self._order),
                num_cpus=1,
                num_gpus=pool.n_gpus,
                memory=RUN,
            )
            .iter_rows()
        )

    def _received(self, rows: Iterable[Mapping[str, Any]]) -> Generator[tuple[Input, Outcome]]:
        """Save what came back."""
        missing = {*range(len(self._inputs))}
        for row in rows:
            missing.remove(row["number"])
            one, told = self._inputs[row["number"]], json.loads(row["told"])
            if told["unusable"]:
                raise AsrError(told["unusable"])
            earlier = self._results.earlier(one)
            if told["is_finished"] and earlier is not None:
                self.before += 1
                yield one, earlier
                continue
            text = row["text"] if told["has_text"] else None  # that of silence is empty
            heard = Heard(told["duration"], text, told["error"])
            outcome = self._results.keep(one, told["sha256"], heard)
            self._results.note(outcome)
            yield one, outcome
        assert not missing, "Ray gives every row once"


class _GoneError(Exception):
    """The head of the cluster does not answer."""


def _watched(rows: Iterable[Mapping[str, Any]], address: Address) -> Generator[Mapping[str, Any]]:
    """`rows`, as long as the cluster is there: Ray would end this process without a word.

    Raises:
        _GoneError: it is not.
    """
    arrived: SimpleQueue[Mapping[str, Any] | Exception | None] = SimpleQueue()

    def take() -> None:
        try:
            for row in rows:
                arrived.put(row)
            arrived.put(None)
        except Exception as error:
            arrived.put(error)

    threading.Thread(target=take, name="rows", daemon=True).start()
    n_missed = 0
    while n_missed < _MOST_MISSED:
        try:
            found = arrived.get(timeout=_LOOK_S)
        except Empty:
            n_missed = 0 if address.answers() else n_missed + 1
            continue
        if found is None:
            return
        if isinstance(found, Exception):
            raise found
        yield found
    raise _GoneError


class _Worker:
    """Hears one recording after another, in a process that Ray started."""

    def __init__(self, desk: Any, settings: Settings, format: str, loader: str) -> None:
        guard.stand()
        self._desk, self._settings, self._format = desk, settings, format
        self._recognizer = Recognizer(loader=loader)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[Any]]:
        rows = [self._row(int(number)) for number in batch["number"]]
        return {name: [row[name] for row in rows] for name in rows[0]}

    def _row(self, number: int) -> dict[str, Any]:
        """What became of it, told in ASCII: names may be no valid text."""
        sha256, heard, unusable, is_finished = "", Heard(), "", False
        try:
            handed = self._take(number)
            sha256 = handed.sha256
            is_finished = handed.data is None and handed.error is None
            if handed.data is None:
                heard = Heard(error=handed.error)
            else:
                heard = hear(
                    self._recognizer, handed.data, handed.name, self._settings, self._format
                )
        except AsrError as error:
            unusable = str(error)
        except Exception as error:  # its text may hold names; and raised, it would lose the row
            kind = type(error).__name__
            heard = Heard(error=f"Something went wrong that was not foreseen ({kind}). Try again.")
        told = {"sha256": sha256, "duration": heard.duration, "error": heard.error}
        told |= {"unusable": unusable, "is_finished": is_finished}
        told["has_text"] = heard.text is not None
        return {"number": number, "told": json.dumps(told), "text": heard.text or b""}

    def _take(self, number: int) -> Handed:
        import ray  # pyright: ignore[reportMissingImports]

        return ray.get(self._desk.take.remote(number))


def _ray() -> Any:
    """Ray, which says nothing about itself: neither to its makers nor on the terminal."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_DATA_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["RAY_BACKEND_LOG_LEVEL"] = "fatal"  # of its compiled parts
    try:
        import ray  # pyright: ignore[reportMissingImports]
        import ray.data  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError:
        raise AsrError(
            "Ray is not installed here. Install the extra: pip install -e .[cluster]"
        ) from None
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return ray


def _connect(ray: Any, address: Address) -> None:
    """Become a driver of the cluster.

    Raises:
        AsrError: it is no cluster, not one of this computer, or of other versions.
    """
    failures: list[BaseException] = []

    def connect() -> None:
        try:
            ray.init(address=str(address), log_to_driver=False, logging_level=logging.CRITICAL)
        except BaseException as error:  # SystemExit, where nobody answers as Ray does
            failures.append(error)

    thread = threading.Thread(target=connect, name="connecting", daemon=True)
    thread.start()
    thread.join(CONNECT_S)
    if thread.is_alive() or any(isinstance(error, SystemExit) for error in failures):
        raise AsrError(
            f"What listens at {address} does not answer as a Ray cluster. Check the address."
        )
    if any("ersion mismatch" in str(error) for error in failures):
        raise AsrError(
            f"The cluster at {address} has another version of Ray or of Python than this "
            "computer. Install the same on both."
        )
    if failures:
        raise AsrError(
            f"This computer is no part of the cluster at {address} "
            f"({type(failures[0]).__name__}). Run `ray start --address={address}` here first, as "
            "the same user."
        )


def _check_machines(ray: Any, here: str) -> None:
    """All that may get a worker, and this one, run the same versions as this process.

    Raises:
        AsrError: one does not, or does not answer.
    """

    def versions() -> tuple[str, str]:  # by its code, not by its name: asr_core may be missing
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("sottovoce"), version("ray")
        except PackageNotFoundError:
            return "", version("ray")

    machines = [
        node
        for node in ray.nodes()
        if node["Alive"] and (node["Resources"].get("CPU", 0) >= 1 or node["NodeID"] == here)
    ]
    ask = ray.remote(num_cpus=0)(versions)
    asked = [
        ask.options(scheduling_strategy=_on(ray, node["NodeID"])).remote() for node in machines
    ]
    answered, _ = ray.wait(asked, num_returns=len(asked), timeout=START_S)
    theirs = []
    for node, answer in zip(machines, asked, strict=True):
        name = node["NodeManagerHostname"]
        if answer not in answered:
            raise AsrError(
                f"The machine {name} of the cluster did not answer within {START_S:.0f} seconds. "
                "Look at it, or take it out of the cluster."
            )
        theirs.append(Version(name, *ray.get(answer)))
    check_versions(Version("", version("sottovoce"), version("ray")), theirs)


def _on(ray: Any, node: str) -> Any:
    return ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False)
