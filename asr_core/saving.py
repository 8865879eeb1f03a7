"""Text or bytes into a file: whole or not at all.

A process whose kernel limits forbid it to write (the page server's do) has a helper write.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from asr_core import limits
from asr_core.children import command
from asr_core.errors import AsrError

_PATIENCE_S = 30.0  # for the helper, on a slow disk

_DRAFT = re.compile(r"\.sottovoce-(\d{1,9})-[0-9a-f]{12}\.tmp")  # with the number of its process

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

    The data goes to a new file in the same folder, which then takes the place of `path`. Such a
    file of a process that was killed meanwhile is removed when the folder is saved to again.

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
    draft = path.with_name(f".sottovoce-{os.getpid()}-{secrets.token_hex(6)}.tmp")
    try:
        _remove_abandoned(path.parent)
        try:
            # mode 0600: readable by nobody else, as a transcript may be confidential
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
        except BaseException:
            with suppress(OSError):
                draft.unlink()
            raise
        _sync_folder(path.parent)
    except (OSError, ValueError) as error:
        code = error.errno if isinstance(error, OSError) else None
        reason = _REASONS.get(code or 0, "the system refused it")
        raise AsrError(f"Cannot save {path.name!r} in {path.parent}: {reason}.") from None


def _remove_abandoned(folder: Path) -> None:
    """Remove drafts of processes that were killed while they saved in this folder."""
    for draft in folder.glob(".sottovoce-*.tmp"):
        name = _DRAFT.fullmatch(draft.name)
        if name is not None and not _is_running(int(name[1])):
            with suppress(OSError):
                draft.unlink()


def _is_running(pid: int) -> bool:
    import psutil  # here, since there is hardly ever a draft

    return psutil.pid_exists(pid)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can."""
    if os.name == "nt":
        return
    with suppress(OSError):  # some file systems cannot; the file itself is complete
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
