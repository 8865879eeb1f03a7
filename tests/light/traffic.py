"""What programs ask of the network, seen by the kernel: strace around a whole run.

It sees what no guard inside the program can: sockets of compiled code, and every child process.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

CALLS = "connect,bind,listen,sendto,sendmsg,sendmmsg"

# Of a call's text the address, if it names one; a send on a connected socket names none.
_FAMILY = re.compile(r"sa_family=(\w+)")
_INET = re.compile(r'inet_addr\("([\d.]+)"\)|inet_pton\(AF_INET6, "([\da-fA-F:.]+)"')

# Sockets that cannot leave this computer: AF_UNIX between its programs; AF_NETLINK to its kernel,
# which the C library asks what interfaces there are.
LOCAL = {"AF_UNIX", "AF_NETLINK", "AF_UNSPEC"}


class Traffic:
    """A log that strace writes."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self.command = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", f"trace={CALLS}"]
        self.command += ["-s", "0", "-o", str(log)]

    def calls(self) -> list[str]:
        """Every call with an address in it."""
        lines = self._log.read_text(errors="replace").splitlines()
        return [line for line in lines if _FAMILY.search(line)]

    def abroad(self) -> list[str]:
        """Those whose address is not this computer's own."""
        return [call for call in self.calls() if not _is_local(call)]

    def families(self) -> Counter[str]:
        """How many calls by their kind of address."""
        return Counter(family[1] for call in self.calls() if (family := _FAMILY.search(call)))


def _is_local(call: str) -> bool:
    families = set(_FAMILY.findall(call))
    hosts = [four or six for four, six in _INET.findall(call)]
    if not hosts:
        return families <= LOCAL
    return all(host.startswith("127.") or host in ("::1", "::ffff:127.0.0.1") for host in hosts)


def watched(folder: Path) -> Traffic:
    """A log for one run; the test is skipped where strace is missing."""
    if shutil.which("strace") is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have strace: the tests of traffic may not be left out there")
        pytest.skip("needs strace, which Linux has")
    return Traffic(folder / "traffic.log")
