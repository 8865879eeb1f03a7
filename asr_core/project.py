"""A transcript kept in one file that only its passphrase opens.

    magic     b"SOTTOVOCE"
    header    format version, log2 of scrypt's n, its r, its p (one byte each), salt, nonce
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
import unicodedata
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from asr_core import packed
from asr_core.audio.naming import shown_name
from asr_core.editing.quotes import Quote
from asr_core.errors import AsrError
from asr_core.result import Transcript

ENDING = "sottovoce"
SHORTEST = 8  # characters of a passphrase

Strength = Literal["short", "weak", "fair", "good"]

_MAGIC = b"SOTTOVOCE"
_HEADER = struct.Struct(">BBBB16s12s")
_DIGEST = hashlib.sha256().digest_size
_VERSION = 1
_LOG2_N, _R, _P = 17, 8, 1  # 128 MB and a third of a second
_MOST = (18, 8, 4)  # of the three: a file may ask for 256 MB and no more
_LEAST = (14, 1, 1)

_WORD_BITS = 12.0  # a word that a person chooses
_CHARACTER_BITS = {"wide": 7.0, "letter": 3.0, "other": 4.5}


class ProjectError(AsrError):
    """The file is no project, or it cannot be opened."""


@dataclass(frozen=True, slots=True)
class Project:
    """What is kept of the work on one recording."""

    transcript: Transcript
    quotes: tuple[Quote, ...] = ()
    pseudonyms: str = ""  # the list as typed, only if the person wants it in the file


def strength(passphrase: str) -> Strength:
    """How hard a passphrase is to guess for somebody who tries millions of usual ones."""
    passphrase = _normal(passphrase)
    if len(passphrase) < SHORTEST:
        return "short"
    kinds = [
        "wide" if ord(c) > 0x2E80 else "letter" if c.isalpha() else "other" for c in passphrase
    ]
    distinct = len(set(passphrase)) / len(passphrase)
    bits = sum(_CHARACTER_BITS[kind] for kind in kinds) * min(1.0, 1.5 * distinct)
    words = set(passphrase.casefold().split())
    if len(words) > 2:
        bits = min(bits, _WORD_BITS * len(words))
    return "weak" if bits < 40 else "fair" if bits < 60 else "good"


def sealed(project: Project, passphrase: str) -> bytes:
    """The file that keeps `project`.

    Raises:
        AsrError: the passphrase is too short.
    """
    if strength(passphrase) == "short":
        raise AsrError(f"The passphrase is too short. Use at least {SHORTEST} characters.")
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    head = _MAGIC + _HEADER.pack(_VERSION, _LOG2_N, _R, _P, salt, nonce)
    key = _key(passphrase, salt, (_LOG2_N, _R, _P))
    body = AESGCM(key).encrypt(nonce, _written(project), head)
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
    version, *costs, salt, nonce = _HEADER.unpack_from(data, len(_MAGIC))
    is_bearable = all(
        low <= cost <= high for low, cost, high in zip(_LEAST, costs, _MOST, strict=True)
    )
    if version != _VERSION or not is_bearable:
        raise _damaged()
    try:
        text = AESGCM(_key(passphrase, salt, tuple(costs))).decrypt(nonce, body, head)
    except InvalidTag:
        raise ProjectError("The passphrase is wrong. Try again, minding capitals.") from None
    try:
        return _read(text)
    except (packed.DataError, ValueError, RecursionError):
        raise _damaged() from None


def _is_whole(data: bytes) -> bool:
    return hashlib.sha256(data[:-_DIGEST]).digest() == data[-_DIGEST:]


def _damaged() -> ProjectError:
    return ProjectError("The project file is damaged. Use another copy of it.")


def _too_new() -> ProjectError:
    return ProjectError("The project was kept by a newer Sottovoce. Update this one to open it.")


def _key(passphrase: str, salt: bytes, costs: tuple[int, ...]) -> bytes:
    log2_n, r, p = costs
    scrypt = Scrypt(salt=salt, length=32, n=1 << log2_n, r=r, p=p)
    try:
        return scrypt.derive(_normal(passphrase).encode("utf-8", "replace"))
    except MemoryError:
        raise AsrError(
            "There is not enough memory to check the passphrase. Close other programs."
        ) from None


def _normal(passphrase: str) -> str:
    """The same for the same letters, whichever keyboard typed them."""
    return unicodedata.normalize("NFC", passphrase)


def _written(project: Project) -> bytes:
    data = {
        "transcript": packed.pack_transcript(project.transcript),
        "quotes": [asdict(quote) for quote in project.quotes],
        "pseudonyms": project.pseudonyms,
    }
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")


def _read(text: bytes) -> Project:
    data: Any = json.loads(text)
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
