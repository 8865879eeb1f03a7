"""No way out: what a process of ours is refused, from its first line on.

Every entry point calls `stand` before anything else: the command, the page's launcher, and with
`asr_core.children` whatever these start. Three are let out, to what their starter names: the
program that fetches a model a person asked for (`asr_core.store.program`), to its hosts; the
command `batch --cluster`, once a person has agreed to it, to the cluster's address; and whoever
recognizes by a server that a person allowed and chose (`asr_core.servers`), to that host and port
alone, not even to this computer's others. The guard sees what Python code does. Compiled code it
does not see: the decoder's sockets are shut by its own list of allowed protocols, and on Linux the
worker leaves the network altogether (`asr_core.limits`), unless a server is chosen.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from asr_core import children

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DISABLE_SAFETENSORS_CONVERSION": "1",
    "DO_NOT_TRACK": "1",
    # From 1.29 on onnxruntime reports to its maker unless told not to before it is imported: from
    # compiled code, unseen by the guard, with a device number and a database on the disk.
    "ORT_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}

# What pyperclip starts to reach the clipboard, and webbrowser to find the browser.
_CLIPBOARDS = {"xclip", "xsel", "wl-copy", "wl-paste", "pbcopy", "pbpaste", "clip.exe"}
_BROWSER_FINDERS = [["xdg-settings", "get", "default-web-browser"], ["/bin/sh", "-c", "osascript"]]
_OUR_PAGE = "http://127.0.0.1:"  # what is started with this as an argument is a browser

_SENTENCES = {
    "connect": "Sottovoce keeps the network closed.",
    "look up": "Sottovoce keeps the network closed.",
    "listen": "Sottovoce listens on 127.0.0.1 only.",
    "start": "Sottovoce does not start this program.",
}

_refused: Counter[str] = Counter()
_standing = False
_hosts: tuple[str, ...] = ()  # this process may look them up
_place = ""  # the one host and port this process may reach, and nothing else
_door: tuple[str, int] | None = None  # where it may listen, beside loopback
_named: set[str] = set()  # programs that a person named, while they may be started
_reachable: set[tuple[str, int]] = set()  # what they turned out to be: address and port


def offline_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without proxies and PYTHON* variables, the libraries told to stay offline."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.lower().endswith("_proxy") and not name.upper().startswith("PYTHON")
    }
    return kept | _OFFLINE


def stand(hosts: Sequence[str] = ()) -> None:
    """From here on this process reaches, hears and starts nothing foreign; for good.

    Refused, with a PermissionError: connections and packets to other computers, name look-ups,
    listening anywhere but on loopback, and programs that are not on the list. A hook cannot be
    taken out again, so only a program's entry point calls this.

    Args:
        hosts: names this process may look up and then connect to, for the one program that fetches
            what a person asked for; ".example.org" is every name that ends so. One with a port,
            "asr.example.org:8000", is a place as `let_out_only` takes it.
    """
    global _standing, _hosts
    if _standing:
        return
    _standing = True
    places = [host for host in hosts if ":" in host]
    _hosts = tuple(host for host in hosts if host not in places)
    if _hosts:
        socket.getaddrinfo = _remembered(socket.getaddrinfo)
    else:  # whoever started this process: libraries that are imported from here on stay offline
        os.environ.update(_OFFLINE)
    for place in places:
        let_out_only(place)
    for name in ("connect", "connect_ex", "sendto", "bind"):
        setattr(socket.socket, name, _asked_first(name))
    sys.addaudithook(_hook)


def let_out(host: str, port: int) -> None:
    """From here on this process may look up `host` and connect to that port of it; for good.

    For the cluster that a person named on the command line and agreed to send recordings to. What
    Ray itself connects to and listens on is compiled code, which the guard never sees.

    Raises:
        OSError: there is no such host.
    """
    global _hosts
    _hosts = (*_hosts, host)
    _reachable.update((str(place[4][0]), port) for place in socket.getaddrinfo(host, port))


def let_out_only(place: str) -> None:
    """From here on this process reaches one host and port, of the server a person chose; for good.

    In return its connections to this computer are refused, too, unless they are to that place.

    Args:
        place: "asr.example.org:8000", "[fd00::1]:8000".

    Raises:
        ValueError: this process was let out before, to something else.
    """
    global _place
    if _hosts or _place not in ("", place):
        raise ValueError("a process is let out once")
    if not _place:
        socket.getaddrinfo = _remembered(socket.getaddrinfo)
    _place = place


def let_listen(host: str, port: int) -> None:
    """This process may listen there, as a person asked it to, beside loopback."""
    global _door
    _door = (host, port)


def place() -> str:
    """Where `let_out_only` let this process; empty: nowhere."""
    return _place


@contextmanager
def letting_start(program: str) -> Iterator[None]:
    """Meanwhile this process may start `program`, which a person named on the command line.

    It is foreign code: what it does nobody here sees. On Linux it inherits our empty network.
    """
    _named.add(program)
    try:
        yield
    finally:
        _named.discard(program)


def refused() -> dict[str, int]:
    """How often what was refused: "connect", "look up", "listen", "start". To whom is not kept."""
    return dict(_refused)


def forget(so_far: Mapping[str, int]) -> None:
    """Count from `so_far` on again, as before a test."""
    _refused.clear()
    _refused.update(so_far)


def stands() -> bool:
    """True once this process has called `stand`."""
    return _standing


def offense(event: str, arguments: Sequence[Any]) -> str | None:
    """What an audit event tries that is refused, a key of `refused`; None when it may go on."""
    judge = _JUDGES.get(event)
    if judge is None:
        return None
    kind, is_allowed = judge
    return None if is_allowed(arguments) else kind


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _JUDGES and (kind := offense(event, arguments)) is not None:
        _refused[kind] += 1
        raise PermissionError(_SENTENCES[kind])


def _asked_first(name: str) -> Callable[..., Any]:
    """A socket's method that asks the guard first: its own looks a name up before the hook hears.

    The address comes last in all of them.
    """
    method = getattr(socket.socket, name)
    event = f"socket.{name.removesuffix('_ex')}"

    def asking(self: socket.socket, *arguments: Any) -> Any:
        if arguments:
            _hook(event, (self, arguments[-1]))
        return method(self, *arguments)

    return asking


def _remembered(look_up: Callable[..., Any]) -> Callable[..., Any]:
    """A look-up after which what it found may be connected to; the hook refuses all other names."""

    def asking(host: Any, *arguments: Any, **options: Any) -> Any:
        found = look_up(host, *arguments, **options)
        if _is_let_out_to(host, arguments[0] if arguments else options.get("port")):
            _reachable.update(place[4][:2] for place in found)
        return found

    return asking


def _may_connect(arguments: Sequence[Any]) -> bool:
    address = arguments[1]
    return _to_this_computer(arguments) or address[:2] in _reachable


def _may_look_up(arguments: Sequence[Any]) -> bool:
    return _about_this_computer(arguments) or _is_let_out_to(*arguments[:2])


def _to_this_computer(arguments: Sequence[Any]) -> bool:
    address = arguments[1]  # one that is not a tuple is local by nature
    return not isinstance(address, tuple) or (not _place and _is_this_computer(address[0]))


def _about_this_computer(arguments: Sequence[Any]) -> bool:
    host = arguments[0]
    return _is_this_computer(host[0] if isinstance(host, tuple) else host)


def _on_loopback(arguments: Sequence[Any]) -> bool:
    address = arguments[1]
    if not isinstance(address, tuple) or address[:2] == _door:
        return True
    return bool(address[0]) and _is_this_computer(address[0])


def _is_let_out_to(host: object, port: object) -> bool:
    name = _text(host)
    if not isinstance(name, str):
        return False
    whole = f"[{name}]" if ":" in name else name
    return f"{whole}:{port}" == _place or any(
        name == allowed or (allowed.startswith(".") and name.endswith(allowed))
        for allowed in _hosts
    )


def _text(host: object) -> object:
    return host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else host


def _is_this_computer(host: object) -> bool:
    name = _text(host)
    if name is None or name == "localhost":
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False


def _is_listed(line: object) -> bool:
    """True for a program that a process of ours may start."""
    if isinstance(line, str):  # on Windows, where clipboard and browser need no program
        named = any(f"{line} ".startswith(f"{subprocess.list2cmdline([name])} ") for name in _named)
        return named or children.is_ours(line)
    words = [os.fsdecode(word) for word in line] if isinstance(line, list | tuple) else []
    if not words:
        return False
    return (
        children.is_ours(words)
        or words[0] in _named
        or os.path.basename(words[0]) in _CLIPBOARDS
        or words in _BROWSER_FINDERS
        or any(word.startswith(_OUR_PAGE) for word in words[1:])
    )


_JUDGES: dict[str, tuple[str, Callable[[Sequence[Any]], bool]]] = {
    "socket.connect": ("connect", _may_connect),
    "socket.sendto": ("connect", _to_this_computer),
    "socket.sendmsg": ("connect", _to_this_computer),
    "socket.getaddrinfo": ("look up", _may_look_up),
    "socket.gethostbyname": ("look up", _about_this_computer),
    "socket.gethostbyaddr": ("look up", _about_this_computer),
    "socket.getnameinfo": ("look up", _about_this_computer),
    "socket.bind": ("listen", _on_loopback),
    "subprocess.Popen": ("start", lambda arguments: _is_listed(arguments[1])),
    "os.exec": ("start", lambda arguments: _is_listed(arguments[1])),
    "os.posix_spawn": ("start", lambda arguments: _is_listed(arguments[1])),
    "os.spawn": ("start", lambda arguments: _is_listed(arguments[2])),
    "_winapi.CreateProcess": ("start", lambda arguments: _is_listed(arguments[1])),
    "os.startfile": ("start", lambda arguments: str(arguments[0]).startswith(_OUR_PAGE)),
    "os.startfile/2": ("start", lambda arguments: str(arguments[0]).startswith(_OUR_PAGE)),
    "os.system": ("start", lambda arguments: False),
    "pty.spawn": ("start", lambda arguments: False),
}
