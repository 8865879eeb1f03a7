"""From a passphrase to a key: how hard it is to guess, and what each guess costs."""

from __future__ import annotations

import secrets
import struct
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from asr_core.errors import AsrError

SHORTEST = 8  # characters of a passphrase

Strength = Literal["short", "weak", "fair", "good"]

_LOG2_N, _R, _P = 17, 8, 1  # 128 MB and a third of a second
_MOST = (18, 8, 4)  # of the three: a file may ask for 256 MB and no more
_LEAST = (14, 1, 1)

_WORD_BITS = 12.0  # a word that a person chooses
_CHARACTER_BITS = {"wide": 7.0, "letter": 3.0, "other": 4.5}


@dataclass(frozen=True, slots=True)
class Lock:
    """What a file says of how its passphrase becomes its key: scrypt's costs, and a salt.

    Attributes:
        log2_n, r, p: as in RFC 7914, section 2; the first is the logarithm of its N.
    """

    log2_n: int = field(default_factory=lambda: _LOG2_N)
    r: int = _R
    p: int = _P
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @classmethod
    def unpack(cls, data: bytes) -> Lock:
        """The lock that `pack` made `data` of."""
        return cls(*_LOCK.unpack(data))

    def pack(self) -> bytes:
        """The lock as it stands in a file, `LOCK_SIZE` bytes."""
        return _LOCK.pack(self.log2_n, self.r, self.p, self.salt)

    @property
    def is_bearable(self) -> bool:
        """Whether it asks for no more memory, and no less care, than a lock of ours would."""
        costs = (self.log2_n, self.r, self.p)
        bounds = zip(_LEAST, costs, _MOST, strict=True)
        return all(low <= cost <= high for low, cost, high in bounds)

    def key(self, passphrase: str) -> bytes:
        """The 256 bits that this passphrase makes.

        Raises:
            AsrError: memory is short.
        """
        scrypt = Scrypt(salt=self.salt, length=32, n=1 << self.log2_n, r=self.r, p=self.p)
        try:
            return scrypt.derive(_normal(passphrase).encode("utf-8", "replace"))
        except MemoryError:
            raise AsrError(
                "There is not enough memory to check the passphrase. Close other programs."
            ) from None


_LOCK = struct.Struct(">BBB16s")
LOCK_SIZE = _LOCK.size


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


def check_length(passphrase: str) -> None:
    """Refuse a passphrase that is too short to lock anything with.

    Raises:
        AsrError: it is.
    """
    if strength(passphrase) == "short":
        raise AsrError(f"The passphrase is too short. Use at least {SHORTEST} characters.")


def _normal(passphrase: str) -> str:
    """The same for the same letters, whichever keyboard typed them."""
    return unicodedata.normalize("NFC", passphrase)
