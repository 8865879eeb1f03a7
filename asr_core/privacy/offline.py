"""The offline check: each process of ours tries to get out, and says what it is kept from.

`look` runs in the process it is about; `lines` makes one report of what all of them found. The
page and `sottovoce doctor` show the same lines.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from asr_core import limits
from asr_core.places import BUNDLED_MODELS, models_folder
from asr_core.privacy import guard
from asr_core.settings import settings_file

_NOBODY = ("192.0.2.1", 80)  # an address kept for documentation, RFC 5737
_NO_NAME = "sottovoce.invalid"  # a name that cannot exist, RFC 2606

State = Literal["held", "absent", "broken"]  # "absent": this system offers no such thing

ENGLISH = {
    "page": "The page's server",
    "recognizer": "The recognizer",
    "command": "This command",
    "tried": "{process} just tried to reach another computer and to look up a name. Both were "
    "refused.",
    "tried_broken": "{process} just tried to reach another computer and to look up a name. They "
    "were NOT both refused: do not use Sottovoce like this, and report it.",
    "silent": "The recognizer does not answer just now, so it was not tested. Try again later.",
    "blocked": "Refused since the start, this test aside: connections {connect}, name look-ups "
    "{look_up}, attempts to listen {listen}, starts of other programs {start}.",
    "listens": "Listening, for this computer alone: {where}.",
    "listens_broken": "Listening where other computers may reach it: {where}.",
    "listens_nowhere": "Nothing of Sottovoce listens for connections.",
    "compiled": "The recognizer has no network at all. The kernel sees to it, for compiled code "
    "too.",
    "let_out": "The recognizer may reach {place} and nothing else, since that server is the chosen "
    "model: sound leaves this computer for it.",
    "compiled_absent": "This system gives the recognizer no empty network, so its compiled parts "
    "are kept off the network by their settings and by our tests, not by the kernel.",
    "files": "The kernel refuses the page's server and the recognizer every byte they would write "
    "to a file.",
    "files_absent": "This system cannot forbid a program to write files. Sottovoce's own code and "
    "its tests see to it.",
    "memory": "A crash leaves no image of memory on the disk.",
    "memory_absent": "This system may keep an image of memory when a program crashes; look at its "
    "error reporting.",
    "places": "Settings: {settings}. Models: {models}. Temporary folder, where Sottovoce puts "
    "nothing: {temporary}.",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What one process found when it looked at itself."""

    kept_in: bool  # what it tried just now was refused
    refused: dict[str, int]  # since its start, that aside; keys of `guard.refused`
    listening: tuple[str, ...]
    network_left: bool
    files_forbidden: bool
    memory_hidden: bool
    let_out: str = ""  # the host and port of a server that was chosen, which alone it may reach


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of the report: `ENGLISH[key]` with `values` in it."""

    key: str
    state: State
    values: dict[str, Any]


def look() -> Look:
    """Try to get out of this process, and look at what it is kept from."""
    refused = guard.refused()
    kept_in = _is_refused(_connect)
    kept_in = _is_refused(lambda: socket.getaddrinfo(_NO_NAME, 80)) and kept_in
    guard.forget(refused)
    return Look(
        kept_in,
        refused,
        tuple(listening()),
        limits.network_left(),
        limits.files_forbidden(),
        limits.memory_hidden(),
        guard.place(),
    )


def look_from(data: Mapping[str, Any]) -> Look:
    """A look as another process sent it, each value checked.

    Raises:
        ValueError: this is none.
    """
    refused, heard = data.get("refused"), data.get("listening")
    if not isinstance(refused, dict) or not isinstance(heard, list):
        raise ValueError("this is no look")
    return Look(
        data.get("kept_in") is True,
        {str(kind): int(count) for kind, count in refused.items()},
        tuple(str(where) for where in heard),
        data.get("network_left") is True,
        data.get("files_forbidden") is True,
        data.get("memory_hidden") is True,
        str(data.get("let_out", "")),
    )


def listening() -> list[str]:
    """Where this process waits for connections: ["127.0.0.1:8765"]."""
    import psutil  # here, since the worker's start should not wait for it

    sockets = psutil.Process().net_connections("inet")
    return sorted(
        f"{socket.laddr.ip}:{socket.laddr.port}"
        for socket in sockets
        if socket.status == psutil.CONN_LISTEN
    )


def lines(looks: Mapping[str, Look | None]) -> list[Line]:
    """The report.

    Args:
        looks: by process: "page", "recognizer" or "command"; None for one that did not answer.
    """
    found = {name: look for name, look in looks.items() if look is not None}
    report = [_tried(name, look) for name, look in looks.items()]
    kinds = ("connect", "look up", "listen", "start")
    counts = {
        kind.replace(" ", "_"): sum(look.refused.get(kind, 0) for look in found.values())
        for kind in kinds
    }
    report.append(Line("blocked", "held", counts))
    report.append(_listens([where for look in found.values() for where in look.listening]))
    shut_in = [look for name, look in found.items() if name != "command"]  # that one saves texts
    if "recognizer" in found and found["recognizer"].let_out:
        report.append(Line("let_out", "absent", {"place": found["recognizer"].let_out}))
    elif "recognizer" in found:
        report.append(_guarantee("compiled", found["recognizer"].network_left))
    if shut_in:
        report.append(_guarantee("files", all(look.files_forbidden for look in shut_in)))
    report.append(_guarantee("memory", all(look.memory_hidden for look in found.values())))
    places = {
        "settings": settings_file(),
        "models": f"{BUNDLED_MODELS}, {models_folder()}",
        "temporary": tempfile.gettempdir(),
    }
    report.append(Line("places", "held", places))
    return report


def said(line: Line) -> str:
    """A line in English."""
    values = line.values
    if "process" in values:
        values = values | {"process": ENGLISH[values["process"]]}
    return ENGLISH[line.key].format(**values)


def _tried(name: str, look: Look | None) -> Line:
    if look is None:
        return Line("silent", "absent", {})
    state: State = "held" if look.kept_in else "broken"
    return Line("tried" if look.kept_in else "tried_broken", state, {"process": name})


def _listens(where: list[str]) -> Line:
    if not where:
        return Line("listens_nowhere", "held", {})
    values = {"where": ", ".join(where)}
    if all(place.startswith(("127.", "::1:")) for place in where):
        return Line("listens", "held", values)
    return Line("listens_broken", "broken", values)


def _guarantee(key: str, holds: bool) -> Line:
    return Line(key, "held", {}) if holds else Line(f"{key}_absent", "absent", {})


def _connect() -> None:
    with socket.socket() as stranger:
        stranger.settimeout(0.5)
        stranger.connect(_NOBODY)


def _is_refused(attempt: Callable[[], object]) -> bool:
    """True when the guard refuses the attempt; without a guard nothing is sent for a test."""
    if not guard.stands():
        return False
    with suppress(OSError):
        try:
            attempt()
        except PermissionError:
            return True
    return False
