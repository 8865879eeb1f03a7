"""A home, a temporary folder and so on of their own, and Sottovoce running there to be killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import traces
from marked_engine import HOOK
from page_client import PageClient
from page_server import ENVIRONMENT, PageServer, launch_with

PATIENCE_S = 240.0  # for a machine that is busy with other things

_LIGHT = str(Path(__file__).resolve().parent)
_SHARED_MEMORY = Path("/dev/shm")

# The real command; it tells when a file is complete and still has its draft's name.
_COMMAND = """
import os, sys, time
sys.path.append({light!r})
import marked_engine
from asr_core import engines
engines.load_engine = marked_engine.load
sync = os.fsync
def told_sync(descriptor):
    marked_engine.tell("saving")
    sync(descriptor)
    time.sleep(0.02)
os.fsync = told_sync
from asr_core.cli import main
sys.exit(main())
"""

_HERE = {
    "HOME": "home",
    "TMPDIR": "temporary",
    "XDG_CONFIG_HOME": "home/.config",
    "XDG_CACHE_HOME": "home/.cache",
    "XDG_DATA_HOME": "home/.local/share",
    "XDG_STATE_HOME": "home/.local/state",
    "XDG_RUNTIME_DIR": "runtime",
}


class Household:
    """The folders, and the page's server, worker and decoder when they run.

    Args:
        folder: everything Sottovoce may write to by itself lies below.
        aside: for what is the test's own.
        engine, loader: what the worker loads: a name, and a function of `marked_engine`.

    Attributes:
        told: what the engine told since the last `listen_anew`.
    """

    def __init__(
        self, folder: Path, aside: Path, engine: str = "marked", loader: str = "load"
    ) -> None:
        self.folder, self.aside = folder, aside
        for place in (*_HERE.values(), "here"):
            (folder / place).mkdir(parents=True, exist_ok=True)
        settings = folder / _HERE["XDG_CONFIG_HOME"] / "sottovoce" / "settings.json"
        settings.parent.mkdir()
        settings.write_text(json.dumps({"engine": engine}))
        aside.mkdir(exist_ok=True)
        self._hook = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._hook.bind(str(aside / "hook"))
        self.environment = {name: str(folder / place) for name, place in _HERE.items()}
        self.environment[HOOK] = str(aside / "hook")
        self.told: list[str] = []
        self._loader = loader
        self._shared_memory = set(os.listdir(_SHARED_MEMORY))
        self._server: PageServer | None = None
        self._listens = False
        # A thread of its own, since a full queue would keep the engine waiting.
        self._ear = threading.Thread(target=self._hear, daemon=True)
        self._ear.start()

    # The page

    def start(self) -> None:
        """Start the page's server, if it does not run; nobody waits for it yet."""
        if self._server is None:
            command = launch_with(f"marked_engine:{self._loader}")
            self._server = PageServer(self.folder / "here", command, self.environment)
            self._listens = False

    @property
    def server(self) -> PageServer:
        """The page's server, ready."""
        self.start()
        assert self._server is not None
        if not self._listens:
            self._server.listen()
            self._listens = True
        return self._server

    def page(self) -> PageClient:
        """A tab, without a browser."""
        return PageClient(self.server.host, self.server.cookie, explain=self._at_work)

    def listen_anew(self) -> None:
        """Forget what the engine told."""
        self.told.clear()

    def until_told(self, what: str) -> None:
        """Wait until the engine tells this."""
        _wait(lambda: self.has_told(what), PATIENCE_S)
        assert self.has_told(what), f"{what} was never told"

    def has_told(self, what: str, times: int = 1) -> bool:
        """True once the engine has told this so many times."""
        return self.told.count(what) >= times

    def strike(self, victim: str, needles: Sequence[bytes]) -> list[str]:
        """Kill the "worker", the "server" or "both", and look at what is left of the processes.

        All stand still for a moment before, to be looked at as they are when the victim dies.

        Returns:
            What held a needle while it ran, or should be gone and is not.
        """
        server = psutil.Process(self.server.process.pid)
        family = self._with_a_worker(server)
        found = traces.in_processes([process.pid for process in family], needles)
        worker = [process for process in family if _is(process, "asr_core.jobs.worker")]
        doomed = {"worker": worker, "server": [server], "both": family}[victim]
        for process in doomed:
            process.send_signal(signal.SIGKILL)
        for process in family:
            if process not in doomed:
                process.resume()
        heirs = [process for process in family if process != server or victim != "worker"]
        found += [f"{process} lives on" for process in _living(heirs)]
        if victim == "worker":  # the server cannot know before all its threads have ended
            _wait(lambda: not psutil.pid_exists(worker[0].pid), PATIENCE_S)
        if victim != "worker":
            found += self._last_words(needles)
        return found

    def _with_a_worker(self, server: psutil.Process) -> list[psutil.Process]:
        """The server and all below it, standing still in a moment in which it has a worker."""
        end = time.monotonic() + PATIENCE_S
        while True:
            family = _frozen(server)
            if any(_is(process, "asr_core.jobs.worker") for process in family):
                return family
            for process in family:  # one was just ended, and the next has not begun
                process.resume()
            assert time.monotonic() < end, "no worker to kill"
            time.sleep(0.05)

    def quit(self, needles: Sequence[bytes]) -> list[str]:
        """End the page's server as a person does; what it said may hold no needle."""
        if self._server is None:
            return []
        self._server.process.send_signal(signal.SIGINT)
        return self._last_words(needles)

    def search(self, needles: Sequence[bytes]) -> list[str]:
        """What lies below the folders, or in shared memory, and should not."""
        left = [path for path in (self.folder / "temporary").rglob("*") if not path.is_dir()]
        return [
            *traces.in_folders([self.folder, _SHARED_MEMORY], needles),
            *(f"a temporary file: {path}" for path in left),
            *(f"a block of shared memory: {name}" for name in self._new_blocks()),
        ]

    def end(self) -> None:
        """End what still runs, whatever it does."""
        if self._server is not None:
            self._server.kill()
            self._server = None

    def close(self) -> None:
        """End what still runs, for good."""
        self.end()
        self._hook.shutdown(socket.SHUT_RD)
        self._ear.join()
        self._hook.close()

    # The command

    def command(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """`sottovoce` with these arguments, with the light engine."""
        program = _COMMAND.format(light=_LIGHT)
        return subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)],
            cwd=self.folder / "here",
            env=os.environ | ENVIRONMENT | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def strike_command(self, command: subprocess.Popen[str], needles: Sequence[bytes]) -> list[str]:
        """Kill a command and all that belongs to it; what it was given to read and write apart."""
        family = _frozen(psutil.Process(command.pid))
        pids = [process.pid for process in family]
        found = traces.in_processes(pids, needles, apart=self.aside)
        os.killpg(command.pid, signal.SIGKILL)
        found += [f"{process} lives on" for process in _living(family)]
        command.communicate()
        return found

    def _hear(self) -> None:
        while word := self._hook.recv(100):
            self.told.append(word.decode())

    def _at_work(self) -> str:
        """What the engine told, and what every thread of the page's processes is doing."""
        server = psutil.Process(self.server.process.pid)
        said = [f"the engine told {self.told}"]
        for process in (server, *server.children(recursive=True)):
            dump = [Path(sys.executable).with_name("py-spy"), "dump", "--pid", str(process.pid)]
            seen = subprocess.run(dump, capture_output=True, text=True)
            said += [f"{process}", seen.stdout, seen.stderr]
        return "\n".join(said)

    def _last_words(self, needles: Sequence[bytes]) -> list[str]:
        assert self._server is not None
        out, err = self._server.process.communicate(timeout=PATIENCE_S)
        self._server = None
        self.told.clear()
        said = out + err
        if traces.holds(said.encode(errors="surrogateescape"), needles) or "Traceback" in said:
            return [f"the server said: {said}"]
        return []

    def _new_blocks(self) -> set[str]:
        """Shared memory that was not there at the beginning and does not go away."""
        _wait(lambda: not set(os.listdir(_SHARED_MEMORY)) - self._shared_memory, 2.0)
        return set(os.listdir(_SHARED_MEMORY)) - self._shared_memory


def _frozen(first: psutil.Process) -> list[psutil.Process]:
    """A process and all below it, standing still; a parent first, so that none is added."""
    family = [first]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
            family += process.children()
    return family


def _is(process: psutil.Process, module: str) -> bool:
    with suppress(psutil.Error):
        return module in process.cmdline()
    return False


def _living(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that do not end soon."""
    processes = list(processes)
    _wait(lambda: not any(_lives(process) for process in processes), 10.0)
    return [process for process in processes if _lives(process)]


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _wait(claim: Callable[[], bool], patience: float) -> None:
    end = time.monotonic() + patience
    while not claim() and time.monotonic() < end:
        time.sleep(0.01)
