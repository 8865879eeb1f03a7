"""Text or bytes into a file: whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

from asr_core.errors import AsrError

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

    The data goes to a new file in the same folder, which then takes the place of `path`.

    Raises:
        AsrError: it cannot be written; what was at `path` is as before.
    """
    draft = path.with_name(f".sottovoce-{secrets.token_hex(6)}.tmp")
    try:
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
