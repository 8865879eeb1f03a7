"""Servers a person allowed: the only addresses that sound may ever be sent to.

Plain http is taken only where the address itself says that it stays on this computer or in a
private network. A name could be led anywhere by whoever answers for names, and without TLS nobody
would notice; with TLS the certificate has to be the name's own.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from asr_core.errors import AsrError

_PORTS = range(1, 65536)
_HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:.]+")
_NEAR = [
    ipaddress.ip_network(network)
    for network in (
        *("127.0.0.0/8", "::1/128"),  # this computer
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),  # RFC 1918, RFC 4193
        *("169.254.0.0/16", "fe80::/10"),  # this link
    )
]


@dataclass(frozen=True, slots=True)
class Server:
    """One line of the list: where it is, and the token it is shown.

    Attributes:
        address: scheme, host and port in full: https://asr.example.org:8000.
    """

    address: str
    token: str = field(default="", repr=False)

    @classmethod
    def parse(cls, line: str) -> Server:
        """The server of a line: its address, then a token where it needs one.

        Raises:
            AsrError: it is no address in full, or one that sound would go to in the clear.
        """
        address, *token = line.split() or [""]
        if len(token) > 1 or not line.isprintable():
            raise AsrError(
                f"Behind the address {address!r} stands more than a token. Write both on one line, "
                "with one space between them."
            )
        try:
            parts = urlsplit(address)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port, parts = "", None, urlsplit("")
        whole = f"{parts.scheme}://{_bracketed(host)}:{port}"
        is_web = parts.scheme in ("http", "https") and port in _PORTS
        if not is_web or whole != address or not _HOST.fullmatch(host):
            shown = address.rpartition("@")[2]  # what stands before it may be a password
            raise AsrError(
                f"{shown!r} is not the address of a server in full. Write scheme, host and port "
                "and nothing else, in small letters: https://asr.example.org:8000."
            )
        if parts.scheme == "http" and not _is_near(host):
            raise AsrError(
                f"{address!r} would get the sound in the clear. Write https, or the number of an "
                "address in a private network."
            )
        return cls(address, token[0] if token else "")

    @property
    def line(self) -> str:
        """As `parse` reads it."""
        return f"{self.address} {self.token}".rstrip()

    @property
    def place(self) -> str:
        """Host and port, as the guard takes them."""
        return self.address.partition("://")[2]

    @property
    def host(self) -> str:
        return urlsplit(self.address).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0

    @property
    def has_tls(self) -> bool:
        return self.address.startswith("https:")


def left_for(address: str) -> str:
    """What stands with every text of a server."""
    return f"The sound left this computer for {address}."


def is_address(name: str) -> bool:
    """Whether a model of this name is a server."""
    return "://" in name


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_near(host: str) -> bool:
    """Whether a host is, by its very number, this computer or in a private network."""
    if host == "localhost":
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(number in network for network in _NEAR if number.version == network.version)
