"""The search for what should be nowhere: in files, packed streams, open files, a disk's image."""

from __future__ import annotations

import os
import re
import stat
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

# How packed streams begin, and what zlib calls their form: gzip; zlib at its four strengths; an
# entry of a ZIP file, whose stream is a bare one behind a head of its own.
_GZIP = re.compile(rb"\x1f\x8b\x08")
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_ZIP = re.compile(rb"PK\x03\x04.{4}\x08\x00.{16}(..)(..)", re.DOTALL)
_LONGEST = 64 << 20  # bytes of one unpacked stream that are searched


def holds(content: bytes, needles: Collection[bytes]) -> bool:
    """True when one of the needles is in there, or in a packed stream in there."""
    if any(needle in content for needle in needles):
        return True
    return any(needle in text for text in _unpacked(content) for needle in needles)


def in_folders(folders: Iterable[Path], needles: Collection[bytes]) -> list[str]:
    """Files and folders below `folders` whose name or content holds a needle."""
    paths = (path for folder in folders for path in folder.rglob("*"))
    return [
        str(path)
        for path in paths
        if holds(os.fsencode(path), needles) or holds(_content(path), needles)
    ]


def in_processes(
    pids: Iterable[int], needles: Collection[bytes], apart: Path | None = None
) -> list[str]:
    """What of these processes holds a needle: arguments, names, files that are open, named or not.

    Into the files of a process that hides its memory only a privileged user sees. Files below
    `apart` are left out.
    """
    found = []
    for pid in pids:
        process = Path("/proc", str(pid))
        files = [process / name for name in ("cmdline", "environ", "comm")]
        found += [str(file) for file in files if holds(_content(file), needles)]
        for link in _links(process / "fd"):
            is_apart = apart is not None and os.readlink(link).startswith(str(apart))
            if not is_apart and holds(_content(link), needles):
                found.append(f"{link} -> {os.readlink(link)}")
    return found


def count_in_image(image: Path, needles: Collection[bytes]) -> int:
    """How often needles are in a disk's image, whatever the file system makes of the place."""
    content = image.read_bytes()
    return sum(content.count(needle) for needle in needles) + sum(
        text.count(needle) for text in _unpacked(content) for needle in needles
    )


def _links(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _content(path: Path) -> bytes:
    """The bytes of a regular file; nothing of what is none, or gone meanwhile."""
    with suppress(OSError):
        if stat.S_ISREG(path.stat().st_mode):
            return path.read_bytes()
    return b""


def _unpacked(content: bytes) -> Iterator[bytes]:
    view = memoryview(content)  # no copy of the rest for each place that looks like a beginning
    for match in _GZIP.finditer(content):
        yield _inflated(view[match.start() :], zlib.MAX_WBITS | 16)
    for match in _ZLIB.finditer(content):
        yield _inflated(view[match.start() :], zlib.MAX_WBITS)
    for match in _ZIP.finditer(content):
        head = sum(int.from_bytes(length, "little") for length in match.groups())
        yield _inflated(view[match.end() + head :], -zlib.MAX_WBITS)


def _inflated(packed: memoryview, form: int) -> bytes:
    """As much of a stream as can be unpacked: it may be cut, or no stream at all."""
    inflater, text = zlib.decompressobj(form), bytearray()
    with suppress(zlib.error):
        for start in range(0, len(packed), 1 << 16):
            text += inflater.decompress(packed[start : start + (1 << 16)])
            if inflater.eof or len(text) > _LONGEST:
                break
    return bytes(text)
