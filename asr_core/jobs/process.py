"""The worker process, seen from the page's side."""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import BinaryIO

from asr_core.children import command
from asr_core.jobs import wire
from asr_core.privacy.guard import offline_environment
from asr_core.privacy.offline import Look, look_from

_PATIENCE_S = 10.0  # for an answer of a worker whose thread for that must share with computing


class WorkerProcess:
    """A process that loads an engine and recognizes one recording after another.

    It ends itself when this side of the pipe is closed, however that came about.

    Args:
        place: host and port of a server, which it may reach; empty, as mostly: nothing at all.

    Attributes:
        place: as given.
        inbox: what the worker says, then {"kind": "gone"} when it is no more. Others may put
            messages in, too, to wake up whoever waits for it.
    """

    def __init__(self, loader: str, place: str = "") -> None:
        self.place = place
        self._popen = subprocess.Popen(
            command("asr_core.jobs.worker", loader, hosts=[place] if place else []),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # libraries print names of files there
            env=offline_environment(os.environ),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._ending = False
        self.inbox: SimpleQueue[wire.Message] = SimpleQueue()
        self._looks: SimpleQueue[Look | None] = SimpleQueue()  # None: it is no more
        self._voice = threading.Lock()  # a frame is whole before the next one begins
        self._listener = threading.Thread(target=self._listen, name="worker's voice", daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """False once the process has ended, or has been told to."""
        return not self._ending and self._popen.poll() is None

    @property
    def was_killed(self) -> bool:
        """True when the system ended it: out of memory, most of the time."""
        return self._popen.poll() in (-9, 137)

    def send(self, message: wire.Message) -> None:
        """Tell the worker something.

        Raises:
            OSError: it is no more.
        """
        with self._voice:
            wire.write_message(self._stdin, message)

    def send_audio(self, chunk: memoryview) -> None:
        """Hand over a part of a recording.

        Raises:
            OSError: the worker is no more.
        """
        with self._voice:
            wire.write_audio(self._stdin, chunk)

    def send_spoken(self, chunk: bytes) -> None:
        """Hand over sound that has just been made; none at its end.

        Raises:
            OSError: the worker is no more.
        """
        with self._voice:
            wire.write_spoken(self._stdin, chunk)

    def look(self) -> Look | None:
        """Let the worker try to get out, also while it works; None when it does not answer."""
        with suppress(OSError, Empty):
            self.send({"kind": "look"})
            return self._looks.get(timeout=_PATIENCE_S)
        return None

    def kill(self) -> None:
        """End the process at once, from any thread; whoever waits for its inbox is told."""
        self._ending = True  # first: its last word may be on the way, and look like a living one's
        self._popen.kill()

    def close(self) -> None:
        """End the process and everything that belongs to it."""
        self._popen.kill()
        self._popen.wait()
        self._listener.join()
        with suppress(OSError):  # a buffered message that nobody will read any more
            self._stdin.close()

    @property
    def _stdin(self) -> BinaryIO:
        assert self._popen.stdin is not None
        return self._popen.stdin  # type: ignore[return-value]

    def _listen(self) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as stream:
            try:
                for frame in wire.read_frames(stream):  # type: ignore[arg-type]
                    if isinstance(frame, bytes):
                        raise wire.WireError("the worker sends no audio")
                    if frame["kind"] == "look":
                        self._looks.put(look_from(frame))
                    else:
                        self.inbox.put(frame)
            except (wire.WireError, ValueError, OSError, MemoryError):
                self._popen.kill()  # what talks nonsense cannot be trusted with the next recording
        self._ending = True  # also while the system is not done with it
        with suppress(subprocess.TimeoutExpired):  # so that its exit code is there to be read
            self._popen.wait(1.0)
        self.inbox.put({"kind": "gone"})
        self._looks.put(None)
