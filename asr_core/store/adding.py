"""A model on its way, seen from the side of whoever asked for it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from asr_core.children import command
from asr_core.errors import ModelError
from asr_core.privacy.guard import offline_environment
from asr_core.store import hub
from asr_core.store.catalogue import Entry
from asr_core.store.shelf import Content

_GONE = "Adding the model stopped unexpectedly. What has come is kept: add it again."


class Adding:
    """A process that brings one model, and how far it is.

    It is started here and nowhere else, and reaches the network only by `from_hub`: whoever calls
    that has shown the person what is fetched from where, and was told yes.

    Attributes:
        name: of the model, or what it comes from where its name is not known yet.
        done, total: bytes; 0 while nothing is known.
        error: once it has failed, None before.
        id: of the model once it is there, None before.
        checked: what its bytes were compared with, as `Shelved.checked` says, once it is there.
        asked: the pickle in it that a yes is needed to, if that is why it failed.
    """

    def __init__(
        self,
        name: str,
        order: Mapping[str, str | bool | None],
        environment: Mapping[str, str],
        hosts: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.done = self.total = 0
        self.error: ModelError | None = None
        self.id: str | None = None
        self.checked: str | None = None
        self.asked: Content | None = None
        self._stopped = False
        self._popen = subprocess.Popen(
            command("asr_core.store.program", hosts=hosts),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the client's warnings; errors come as sentences
            env=dict(environment),
            text=True,
            encoding="utf-8",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self._popen.stdin is not None
        with suppress(OSError):  # it is gone already, which the listener will say
            self._popen.stdin.write(json.dumps(order) + "\n")
            self._popen.stdin.flush()
        self._listener = threading.Thread(target=self._listen, name=f"adding {name}", daemon=True)
        self._listener.start()

    @classmethod
    def from_hub(cls, entry: Entry) -> Adding:
        """Fetch a model over the network; a part that is here already is not fetched again.

        Raises:
            ModelError: it is on no hub, or HF_ENDPOINT cannot be used.
        """
        hub.address_of(entry)
        order = {"name": entry.id, "path": None, "unchecked": False}
        return cls(entry.id, order, hub.environment(), hub.hosts())

    @classmethod
    def carried(
        cls,
        path: Path,
        name: str | None = None,
        unchecked: bool = False,
        agreed: str | None = None,
    ) -> Adding:
        """Copy a model from a folder or an archive, as `program.bring_carried` does."""
        order = {"name": name, "path": str(path.absolute())}
        order |= {"unchecked": unchecked, "agreed": agreed}
        return cls(name or path.name, order, offline_environment(os.environ))

    @property
    def running(self) -> bool:
        """False once it has ended, one way or another."""
        return self._listener.is_alive()

    @property
    def fraction(self) -> float:
        """How much has come, 0..1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0

    def wait(self, seconds: float | None = None) -> bool:
        """Until it has ended, but not longer; whether it has."""
        self._listener.join(seconds)
        return not self.running

    def stop(self) -> None:
        """End it at once; what has come of a download is kept, and it can be gone on with."""
        self._stopped = True
        self._popen.kill()
        self._listener.join()

    def _listen(self) -> None:
        assert self._popen.stdout is not None
        assert self._popen.stdin is not None
        with self._popen.stdout as news:
            for line in news:
                with suppress(ValueError, KeyError):
                    self._take(json.loads(line))
        self._popen.wait()
        with suppress(OSError):
            self._popen.stdin.close()
        if self.id is None and self.error is None and not self._stopped:
            self.error = ModelError(_GONE)

    def _take(self, message: dict[str, str | int]) -> None:
        match message["kind"]:
            case "progress":
                self.done, self.total = int(message["done"]), int(message["total"])
            case "done":
                self.checked, self.id = str(message["checked"]), str(message["id"])
            case "asks":
                self.asked = Content(int(message["size"]), str(message["sha256"]))
                self.error = ModelError(str(message["error"]))
            case "failed":
                self.error = ModelError(str(message["error"]))
