"""A transcript kept in one file that only its passphrase opens.

    magic     b"SOTTOVOCE"
    header    format version (one byte), scrypt's costs and salt as `passphrase.Lock` packs them,
              nonce
    body      JSON, encrypted by AES-256-GCM; magic and header are its associated data
    digest    SHA-256 of all before it: tells a damaged file from a wrong passphrase

The recording is never in it. Reading believes nothing: the costs that the header asks for have a
limit, and every value in the JSON is checked.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from dataclasses import asdict, dataclass, replace
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from asr_core import packed
from asr_core.audio.naming import shown_name
from asr_core.editing.quotes import Quote
from asr_core.errors import AsrError
from asr_core.passphrase import LOCK_SIZE, Lock, check_length
from asr_core.result import Transcript

ENDING = "sottovoce"

_MAGIC = b"SOTTOVOCE"
_HEADER = struct.Struct(f">B{LOCK_SIZE}s12s")
_DIGEST = hashlib.sha256().digest_size
_VERSION = 1


class ProjectError(AsrError):
    """The file is no project, or it cannot be opened."""


@dataclass(frozen=True, slots=True)
class Project:
    """What is kept of the work on one recording."""

    transcript: Transcript
    quotes: tuple[Quote, ...] = ()
    pseudonyms: str = ""  # the list as typed, only if the person wants it in the file


def sealed(project: Project, passphrase: str) -> bytes:
    """The file that keeps `project`.

    Raises:
        AsrError: the passphrase is too short.
    """
    check_length(passphrase)
    lock, nonce = Lock(), secrets.token_bytes(12)
    head = _MAGIC + _HEADER.pack(_VERSION, lock.pack(), nonce)
    body = AESGCM(lock.key(passphrase)).encrypt(nonce, _written(project), head)
    return head + body + hashlib.sha256(head + body).digest()


def opened(data: bytes, passphrase: str) -> Project:
    """The project that `data` keeps.

    Raises:
        ProjectError: it is no project, damaged, made by a newer Sottovoce, or the passphrase is
            wrong.
    """
    head_length = len(_MAGIC) + _HEADER.size
    if not data.startswith(_MAGIC):
        raise ProjectError("This file is no Sottovoce project. Choose one that ends in .sottovoce.")
    if len(data) <= len(_MAGIC) or data[len(_MAGIC)] > _VERSION:
        raise _damaged() if not _is_whole(data) else _too_new()
    if len(data) < head_length + _DIGEST or not _is_whole(data):
        raise _damaged()
    head, body = data[:head_length], data[head_length:-_DIGEST]
    version, packed_lock, nonce = _HEADER.unpack_from(data, len(_MAGIC))
    lock = Lock.unpack(packed_lock)
    if version != _VERSION or not lock.is_bearable:
        raise _damaged()
    try:
        text = AESGCM(lock.key(passphrase)).decrypt(nonce, body, head)
    except InvalidTag:
        raise ProjectError("The passphrase is wrong. Try again, minding capitals.") from None
    try:
        return unpack(json.loads(text))
    except (packed.DataError, ValueError, RecursionError):
        raise _damaged() from None


def pack_quotes(quotes: tuple[Quote, ...]) -> list[dict[str, Any]]:
    """Quotes as JSON can hold them."""
    return [asdict(quote) for quote in quotes]


def unpack(data: object) -> Project:
    """A project from what JSON gives, each value checked.

    Raises:
        DataError, ValueError: it is none.
    """
    if not isinstance(data, dict):
        raise packed.DataError("this is no project")
    json.dumps(data, ensure_ascii=False).encode()  # half characters would break the page later
    transcript = packed.transcript(data.get("transcript"))
    transcript = replace(transcript, name=shown_name(transcript.name))
    quotes = tuple(
        Quote(
            packed.text(item.get("text")),
            packed.number(item.get("start")),
            packed.number(item.get("end")),
            packed.text(item.get("speaker")),
            packed.truth(item.get("checked")),
        )
        for item in packed.items(data.get("quotes"))
    )
    return Project(transcript, quotes, packed.text(data.get("pseudonyms")))


def _is_whole(data: bytes) -> bool:
    return hashlib.sha256(data[:-_DIGEST]).digest() == data[-_DIGEST:]


def _damaged() -> ProjectError:
    return ProjectError("The project file is damaged. Use another copy of it.")


def _too_new() -> ProjectError:
    return ProjectError("The project was kept by a newer Sottovoce. Update this one to open it.")


def _written(project: Project) -> bytes:
    data = {
        "transcript": packed.pack_transcript(project.transcript),
        "quotes": pack_quotes(project.quotes),
        "pseudonyms": project.pseudonyms,
    }
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
