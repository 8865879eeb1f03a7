"""Text or bytes into a file: whole or not at all.

A process whose kernel limits forbid it to write (the page server's do) has a helper write.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from asr_core import limits
from asr_core.children import command
from asr_core.errors import AsrError

_PATIENCE_S = 30.0  # for the helper, on a slow disk
_DRAFTS = ".sottovoce-*.tmp"
_SHARING_VIOLATIONS = (5, 32)  # of Windows: a search index or a scanner looks at the file just now
_TRIES, _PAUSE_S = 10, 0.1

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full",
    errno.EFBIG: "the file would be larger than allowed",
    errno.EACCES: "writing there is not allowed",
    errno.EPERM: "writing there is not allowed",
    errno.EROFS: "the disk is read only",
    errno.ENOENT: "the folder does not exist",
    errno.ENOTDIR: "the folder does not exist",
    errno.EISDIR: "it is a folder",
    errno.ENAMETOOLONG: "the name is too long",
}


def save_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, as `save_bytes` does."""
    save_bytes(path, text.encode("utf-8", "replace"))


def save_bytes(path: Path, data: bytes) -> None:
    """Write `data`; a reader of `path` sees the old file or the new one, never a part.

    The data goes to a new file in the same folder, which then takes the place of `path`. A link
    stays a link, and what is no file but a device or a pipe is written to as it is.

    Raises:
        AsrError: it cannot be written; what was at `path` is as before.
    """
    if limits.files_forbidden():
        _let_helper_save(path, data)
    else:
        _save(path, data)


def main() -> None:
    """The helper: save what the parent says, and answer with what went wrong, if anything."""
    limits.hide_memory()
    limits.allow_files()
    order = json.loads(sys.stdin.buffer.readline())
    error = None
    try:
        _save(Path(order["path"]), sys.stdin.buffer.read(order["n_bytes"]))
    except AsrError as refusal:
        error = str(refusal)
    print(json.dumps({"error": error}))


def _let_helper_save(path: Path, data: bytes) -> None:
    # By a pipe: what is in the arguments of a process, everybody on this computer may read.
    order = json.dumps({"path": str(path.absolute()), "n_bytes": len(data)}).encode() + b"\n"
    error: str | None
    try:
        helper = subprocess.run(
            command("asr_core.saving"),
            input=order + data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
        )
        error = json.loads(helper.stdout)["error"]
    except (OSError, ValueError, subprocess.TimeoutExpired):
        error = f"Cannot save {path.name!r} in {path.parent}: the helper that saves did not answer."
    if error is not None:
        raise AsrError(error)


def _save(path: Path, data: bytes) -> None:
    try:
        if _is_no_file(path):
            path.write_bytes(data)
        else:
            _replace_file(path.resolve(), data)
    except (OSError, ValueError) as error:
        sentence = f"Cannot save {path.name!r} in {path.parent}: {reason(error)}."
        if path.is_file():
            raise AsrError(f"{sentence} The file that was there is unchanged.") from None
        raise AsrError(sentence) from None


def _is_no_file(path: Path) -> bool:
    """True for a device or a pipe, in whose place no file may be put."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _replace_file(path: Path, data: bytes) -> None:
    _remove_stale_drafts(path.parent)
    descriptor, draft = _new_draft(path.parent)
    try:
        with open(descriptor, "wb") as file:  # closing it may fail, too: disks that are far away
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _take_place(draft, path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    sync_folder(path.parent)


def _new_draft(folder: Path) -> tuple[int, Path]:
    """A file of a name of its own, open and, where the system can, locked by this process."""
    while True:
        draft = folder / _DRAFTS.replace("*", secrets.token_hex(6))
        # mode 0600: readable by nobody else, as a transcript may be confidential
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        descriptor = os.open(draft, flags, 0o600)
        if os.name == "nt" or (_lock(descriptor) is not False and os.fstat(descriptor).st_nlink):
            return descriptor, draft
        os.close(descriptor)  # somebody took it for a stale one before it was locked


def _remove_stale_drafts(folder: Path) -> None:
    """What saves that were killed have left: nobody holds it locked, or on Windows open."""
    for draft in folder.glob(_DRAFTS):
        with suppress(OSError):
            if os.name == "nt":
                draft.unlink()
                continue
            descriptor = os.open(draft, os.O_WRONLY | os.O_NOFOLLOW)
            try:
                if _lock(descriptor):
                    draft.unlink()
            finally:
                os.close(descriptor)


def _lock(descriptor: int) -> bool | None:
    """True with the lock, False when another process has it, None where there are no locks."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _take_place(draft: Path, path: Path) -> None:
    """The draft becomes the file; on Windows as soon as nobody looks at the old one."""
    for left in reversed(range(_TRIES)):
        try:
            os.replace(draft, path)
            return
        except PermissionError as error:
            if not left or getattr(error, "winerror", None) not in _SHARING_VIOLATIONS:
                raise
        time.sleep(_PAUSE_S)


def reason(error: OSError | ValueError) -> str:
    """Why a file could not be written, as the end of a sentence."""
    code = error.errno if isinstance(error, OSError) else None
    return _REASONS.get(code or 0, "the system refused it")


def sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can."""
    if os.name == "nt":
        return
    with suppress(OSError):  # some file systems cannot; the file itself is complete
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
