"""What must be clear before a cluster is used: who is asked, whether it fits, how many workers."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asr_core import preflight
from asr_core.errors import AsrError
from asr_core.privacy import guard

_KNOCK_S = 5.0  # seconds a computer in the same building takes at most to answer


@dataclass(frozen=True, slots=True)
class Address:
    """Where the cluster's head listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read HOST:PORT.

        Raises:
            AsrError: it is something else, `ray://` of Ray's client included.
        """
        found = re.fullmatch(r"([\w.-]+|\[[\da-fA-F:]+\]):(\d{1,5})", text, re.ASCII)
        if found is None or not 0 < int(found[2]) < 1 << 16:
            raise AsrError(
                f"{text!r} is no address of a cluster. Write HOST:PORT, as `ray start --head` "
                "printed it."
            )
        return cls(found[1].strip("[]"), int(found[2]))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def knock(self) -> None:
        """Let this process out to that port, and see that somebody answers there.

        Raises:
            AsrError: nobody does.
        """
        try:
            guard.let_out(self.host, self.port)
            self._reach()
        except OSError as error:
            raise AsrError(
                f"The cluster at {self} does not answer ({error.strerror or error}). Start it "
                "with `ray start --head`, or check the address."
            ) from None

    def answers(self) -> bool:
        """Whether somebody still does, after `knock`."""
        try:
            self._reach()
        except OSError:
            return False
        return True

    def _reach(self) -> None:
        socket.create_connection((self.host, self.port), _KNOCK_S).close()


def disclosure(address: Address) -> str:
    """What a person is told, and has to agree to, before anything is sent."""
    return "\n".join(
        [
            f"The recordings leave this computer for the Ray cluster at {address}, and their text "
            "comes back:",
            "  Ray encrypts neither, unless the cluster was started with certificates of yours.",
            "  On every machine of it, this one included, Ray listens on all network interfaces, "
            "and who reaches these ports can run programs there: use a network of your own, "
            "behind a firewall.",
            "  When memory is short Ray may write both to its temporary folder, and the "
            "administrators of these machines can read them.",
            "  This command sends Ray's makers no usage statistics; the cluster does, unless it "
            "was started with --disable-usage-stats.",
        ]
    )


@dataclass(frozen=True, slots=True)
class Version:
    """What runs on a machine of the cluster; `sottovoce` is empty where it is missing."""

    machine: str
    sottovoce: str
    ray: str


def check_versions(ours: Version, theirs: Sequence[Version]) -> None:
    """Every machine must run what this one runs, or their texts would not be the same.

    Raises:
        AsrError: one does not; it is named.
    """
    for there in theirs:
        for name, here in (("Sottovoce", ours.sottovoce), ("Ray", ours.ray)):
            found = there.sottovoce if name == "Sottovoce" else there.ray
            if found != here:
                has = f"has {name} {found}" if found else f"cannot load {name}"
                raise AsrError(
                    f"The machine {there.machine} of the cluster {has}, and this computer has "
                    f"{here}. Install the same version on both."
                )


@dataclass(frozen=True, slots=True)
class Plan:
    """The pool of workers.

    Attributes:
        n_workers: at most; one is the least.
        n_gpus: that each of them has for itself, 0 or 1, beside its one CPU.
    """

    n_workers: int
    n_gpus: int


def plan(free: Mapping[str, float], device: str, most: int) -> Plan:
    """As many workers as the cluster has room for just now.

    Args:
        free: Ray's names of resources, and how much of each nobody uses: "CPU", "GPU", and
            "memory" in bytes.
        device: as in the settings; "auto" takes GPUs where there are any.
        most: more workers than this are of no use.

    Raises:
        AsrError: there is no room for one. Ray would wait for it without a word.
    """
    n_cpus, n_gpus = int(free.get("CPU", 0)), int(free.get("GPU", 0))
    on_gpu = device.startswith("cuda") or (device == "auto" and n_gpus > 0)
    if n_cpus < 1:
        raise AsrError(
            "The cluster has no free CPU. Wait until its other work has ended, or add a machine."
        )
    if on_gpu and n_gpus < 1:
        raise AsrError("The cluster has no free GPU. Wait for one, or use --device cpu.")
    in_memory = int(free.get("memory", 0) // preflight.RUN)
    if in_memory < 1:
        raise AsrError(
            f"The cluster has less than {preflight.RUN / 1e9:.1f} GB of memory free, and a worker "
            "needs that. Wait until its other work has ended, or add a machine."
        )
    return Plan(min(n_gpus if on_gpu else n_cpus, n_cpus, in_memory, most), int(on_gpu))
