"""A transcript while it is made and corrected, in a growing file that only its passphrase opens.

    magic     b"SOTTOJOURNAL"
    header    format version (one byte), scrypt's costs and salt as `passphrase.Lock` packs them,
              the journal's id, 16 random bytes
    records   length of what follows (4 bytes), the same with every bit turned over, nonce (12
              bytes), JSON encrypted by AES-256-GCM; all before the first record, and the record's
              number, are its associated data

Each record says what has changed since the one before, so what was written is never written anew.
None can be reordered, taken out of the middle or put into another journal unseen. A last record
that was cut off, as a crash or a full disk leaves it, is ignored. The length stands there twice so
that a damaged one is not taken for that. Neither the file nor its name says what it is about, and
sound is never in it.
"""

from __future__ import annotations

import json
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from asr_core import packed, scribe, settings
from asr_core.errors import AsrError
from asr_core.passphrase import LOCK_SIZE, Lock, check_length
from asr_core.project import Project, pack_quotes, unpack
from asr_core.result import Segment

_MAGIC = b"SOTTOJOURNAL"
_HEADER = struct.Struct(f">B{LOCK_SIZE}s16s")
_HEAD_SIZE = len(_MAGIC) + _HEADER.size
_LENGTH = struct.Struct(">II")
_ALL_BITS = 0xFFFFFFFF
_NONCE = 12
_VERSION = 1
_LARGEST = 256 << 20  # bytes of a file; ten hours of words with times need about 30 MB
_ENDING = ".journal"


class JournalError(AsrError):
    """The file is no journal, or it cannot be opened."""


@dataclass(frozen=True, slots=True)
class Key:
    """A passphrase made ready for writing, so that it need not be kept itself."""

    lock: Lock
    secret: bytes

    @classmethod
    def of(cls, passphrase: str) -> Key:
        """A key that only this passphrase makes.

        Raises:
            AsrError: the passphrase is too short.
        """
        check_length(passphrase)
        lock = Lock()
        return cls(lock, lock.key(passphrase))


class Journal:
    """The records of one transcript, as they are to be written one behind the other.

    A record counts once its writer says that it was `written`; until then `record` makes it anew.
    """

    def __init__(self, key: Key) -> None:
        self.head = _MAGIC + _HEADER.pack(_VERSION, key.lock.pack(), secrets.token_bytes(16))
        self._cipher = AESGCM(key.secret)
        self._n_written = 0
        self._last: Project | None = None
        self._next: Project | None = None

    def record(self, project: Project) -> bytes:
        """What is to be appended so that the journal holds `project`; empty if it does already.

        The list of pseudonyms stays out: it is written nowhere unless a person says so.
        """
        project = replace(project, pseudonyms="")
        self._next = project if project != self._last else None
        if self._next is None:
            return b""
        text = json.dumps(_change(self._last, project), ensure_ascii=False)
        nonce, about = secrets.token_bytes(_NONCE), _about(self.head, self._n_written)
        body = nonce + self._cipher.encrypt(nonce, text.encode("utf-8", "replace"), about)
        framed = _LENGTH.pack(len(body), len(body) ^ _ALL_BITS) + body
        return framed if self._n_written else self.head + framed

    def written(self) -> None:
        """What `record` gave last is on the disk."""
        if self._next is not None:
            self._last, self._next = self._next, None
            self._n_written += 1


def read(data: bytes, passphrase: str) -> Project:
    """What the whole records of a journal hold together.

    Where one in the middle is damaged, it is what the records before it hold, with a note.

    Raises:
        JournalError: it is no journal, made by a newer Sottovoce, nothing in it can be read, or the
            passphrase is wrong.
    """
    head, frames = data[:_HEAD_SIZE], data[_HEAD_SIZE:]
    if not data.startswith(_MAGIC):
        raise JournalError("This is no autosaved text of Sottovoce. Delete it.")
    if len(head) > len(_MAGIC) and head[len(_MAGIC)] > _VERSION:
        raise JournalError("A newer Sottovoce saved this text. Update this one to open it.")
    if len(head) < _HEAD_SIZE or len(data) > _LARGEST:
        raise _damaged()
    version, packed_lock, _ = _HEADER.unpack_from(head, len(_MAGIC))
    lock = Lock.unpack(packed_lock)
    if version != _VERSION or not lock.is_bearable:
        raise _damaged()
    bodies, is_damaged = _framed(frames)
    if not bodies:
        raise _damaged()
    texts = _decrypted(bodies, head, AESGCM(lock.key(passphrase)))
    if not texts:
        raise JournalError(
            "The passphrase is wrong, or the autosaved text is damaged. Try again, minding "
            "capitals, or delete it."
        )
    # the last record may be what a crash made of it; what is lost before the last is to be said
    is_damaged = is_damaged or len(texts) < len(bodies) - 1
    try:
        project = unpack(_together(texts))
    except (packed.DataError, ValueError, RecursionError):
        raise _damaged() from None
    if not is_damaged:
        return project
    notes = [*project.transcript.notes]
    notes.append("The autosaved text is damaged behind this place, and what followed is lost.")
    return replace(project, transcript=replace(project.transcript, notes=tuple(notes)))


def folder() -> Path:
    """Where journals lie: beside the settings."""
    return settings.settings_file().parent / "autosave"


def new_path() -> Path:
    """Where a new journal is to lie; its name says nothing."""
    return folder() / f"{secrets.token_hex(16)}{_ENDING}"


def unfinished() -> list[Path]:
    """The journals that nobody writes any more, the oldest first."""
    try:
        found = [path for path in folder().glob(f"*{_ENDING}") if path.is_file()]
    except OSError:
        return []
    return sorted((path for path in found if not scribe.is_written(path)), key=_changed_at)


def load(path: Path, passphrase: str) -> Project:
    """What the journal in a file holds.

    Raises:
        JournalError: as `read`, or the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError:
        raise JournalError("The autosaved text cannot be read from the disk.") from None
    return read(data, passphrase)


def delete(path: Path) -> None:
    """Delete a journal that nobody writes any more.

    Raises:
        JournalError: the system refuses it.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError:
        raise JournalError(f"{path} could not be deleted. Delete it yourself.") from None


def unforeseen(error: Exception) -> JournalError:
    """What to say when writing failed as nobody foresaw; only the kind of the error is told."""
    kind = type(error).__name__
    return JournalError(
        f"The text is not autosaved: something went wrong that was not foreseen ({kind}). "
        "Download the project."
    )


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _damaged() -> JournalError:
    return JournalError("The autosaved text is damaged, and nothing of it can be read. Delete it.")


def _about(head: bytes, number: int) -> bytes:
    """The associated data of a record."""
    return head + number.to_bytes(8, "big")


def _change(before: Project | None, after: Project) -> dict[str, Any]:
    """What makes `after` of `before`: passages in place of others, and all the rest."""
    old = before.transcript.segments if before is not None else ()
    new = after.transcript.segments
    first = _n_alike(old, new)
    n_last = _n_alike(old[first:][::-1], new[first:][::-1])
    rest = replace(after.transcript, segments=())
    return {
        "first": first,
        "n_replaced": len(old) - n_last - first,
        "segments": packed.pack_segments(new[first : len(new) - n_last]),
        "transcript": packed.pack_transcript(rest),
        "quotes": pack_quotes(after.quotes),
    }


def _n_alike(one: Sequence[Segment], other: Sequence[Segment]) -> int:
    """How many passages are the same in both, from the first on."""
    for n, (a, b) in enumerate(zip(one, other, strict=False)):
        if a is not b and a != b:
            return n
    return min(len(one), len(other))


def _together(texts: list[bytes]) -> dict[str, Any]:
    """All changes, one after the other, as JSON of a project whose values are yet to be checked."""
    segments: list[Any] = []
    data: Any = {}
    for text in texts:
        data = json.loads(text)
        if not isinstance(data, dict) or not isinstance(data.get("transcript"), dict):
            raise packed.DataError("this is no change of a transcript")
        first, n_replaced = data.get("first"), data.get("n_replaced")
        if type(first) is not int or type(n_replaced) is not int or not 0 <= first <= len(segments):
            raise packed.DataError("these are no passages of a transcript")
        segments[first : first + max(0, n_replaced)] = packed.items(data.get("segments"))
    return {
        "transcript": data["transcript"] | {"segments": segments},
        "quotes": data.get("quotes"),
        "pseudonyms": "",
    }


def _framed(frames: bytes) -> tuple[list[bytes], bool]:
    """The encrypted records, and whether they end in something else than one that was cut off."""
    bodies, place = [], 0
    while len(frames) - place >= _LENGTH.size:
        length, turned = _LENGTH.unpack_from(frames, place)
        if length ^ turned != _ALL_BITS:
            return bodies, True
        place += _LENGTH.size
        if len(frames) - place < length:
            break
        bodies.append(frames[place : place + length])
        place += length
    return bodies, False


def _decrypted(bodies: list[bytes], head: bytes, cipher: AESGCM) -> list[bytes]:
    """The texts of the records, up to the first that is not what was written."""
    texts = []
    for number, body in enumerate(bodies):
        try:
            about = _about(head, number)
            texts.append(cipher.decrypt(body[:_NONCE], body[_NONCE:], about))
        except (InvalidTag, ValueError):
            break
    return texts
