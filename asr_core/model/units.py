"""What the CTC head of the grown model tells apart: a table made from the decoder's tokens.

One unit a Han character, the decoder's own tokens for the rest, in lower case: what is heard has
neither capitals nor punctuation. Byte-pair pieces of rare characters are hardly ever heard in
training, single characters are.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

BLANK = 0

_FIRST_HAN, _LAST_HAN = "\u3400", "\u9fff"


class UnitTable:
    """Units, by number; 0 is the blank.

    Attributes:
        units: text of each unit, in lower case, a space in front where a word begins.
        sources: (token, ...) of each unit, whose embeddings it starts as the mean of.
    """

    def __init__(self, tokens: Sequence[bytes]) -> None:
        """Make the table.

        Args:
            tokens: the bytes of every text token of the decoder, special tokens left out.
        """
        self._tokens = tokens
        self._ids = {token: i for i, token in enumerate(tokens)}
        self.units: list[str] = [""]
        self.sources: list[tuple[int, ...]] = [()]
        self._unit_of: dict[str, int] = {}
        characters = set(_common_characters())
        for i, text in enumerate(map(_decoded, tokens)):
            if text is None:
                continue
            han = [c for c in text if _is_han(c)]
            characters.update(han)
            if not han and _is_heard(text):
                heard = text.lower()
                self._add(heard, (self._ids.get(heard.encode(), i),))
        for character in sorted(characters):
            self._add(character, self._pieces(character.encode()))

    def __len__(self) -> int:
        return len(self.units)

    def of_tokens(self, tokens: Sequence[int]) -> list[list[int]]:
        """The units each token completes: none for punctuation, several for several characters.

        A character of several tokens comes with the last of them.
        """
        found, pending = [], b""
        for token in tokens:
            pending += self._tokens[token] if token < len(self._tokens) else b""
            text = _decoded(pending)
            if text is None:
                found.append([])
                pending = pending[-3:]  # no character has more than four bytes
                continue
            found.append(self._of_text(text))
            pending = b""
        return found

    def text(self, units: Sequence[int]) -> str:
        """What the units spell, in lower case."""
        return "".join(self.units[unit] for unit in units)

    def tied(self, embedding: Tensor) -> Tensor:
        """(units, D) first output weights: the mean of the embeddings of each unit's tokens."""
        ids = torch.tensor([token for source in self.sources for token in source])
        counts = torch.tensor([len(source) for source in self.sources])
        offsets = counts.cumsum(0) - counts
        return torch.nn.functional.embedding_bag(ids, embedding, offsets, mode="mean")

    def _of_text(self, text: str) -> list[int]:
        whole = self._unit_of.get(text.lower())
        if whole is not None:
            return [whole]
        if not any(_is_han(c) for c in text):
            return []
        return [self._unit_of[c] for c in text.lower() if c in self._unit_of]

    def _add(self, text: str, source: tuple[int, ...]) -> None:
        if text not in self._unit_of:
            self._unit_of[text] = len(self.units)
            self.units.append(text)
            self.sources.append(source)

    def _pieces(self, data: bytes) -> tuple[int, ...]:
        """The tokens of one character, by byte-pair merges; an earlier token merges first."""
        pieces = [data[i : i + 1] for i in range(len(data))]
        while len(pieces) > 1:
            merges = [
                (self._ids[a + b], i)
                for i, (a, b) in enumerate(zip(pieces, pieces[1:], strict=False))
                if a + b in self._ids
            ]
            if not merges:
                break
            _, i = min(merges)
            pieces[i : i + 2] = [pieces[i] + pieces[i + 1]]
        return tuple(self._ids[piece] for piece in pieces)


def token_bytes(vocabulary: Sequence[str]) -> list[bytes]:
    """The bytes behind the printable characters that byte-level vocabularies are written in.

    Source: Radford et al. 2019 (GPT-2), the reference code's table of bytes.
    """
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    table = {chr(b): b for b in plain} | {chr(256 + i): b for i, b in enumerate(others)}
    return [bytes(table[c] for c in token) for token in vocabulary]


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _is_han(character: str) -> bool:
    return _FIRST_HAN <= character <= _LAST_HAN


def _is_heard(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _common_characters() -> str:
    """The 6,763 simplified characters of the standard GB 2312."""
    rows = (bytes([row, cell]) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    return "".join(pair.decode("gb2312", errors="ignore") for pair in rows)
