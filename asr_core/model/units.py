"""What the CTC head of the grown model tells apart: a table made from the decoder's tokens.

One unit a Han character, the decoder's common Latin tokens for the rest, in lower case: what is
heard has neither capitals nor punctuation. Byte-pair pieces of rare characters are hardly ever
heard in training, single characters are; and the output layer is the dear part of CTC, so that a
rare token is spelled with commoner ones. Scripts other than Han and Latin have no units.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

_HAN = re.compile("[\u3400-\u9fff]")
_HEARD = re.compile("[a-z0-9]")
_SPELLING = [space + c for c in "abcdefghijklmnopqrstuvwxyz0123456789" for space in ("", " ")]
_COMMON = 12_000  # byte-pair merges are in order of frequency: later tokens are the rarer ones


class UnitTable:
    """Units, by number; 0 is the blank.

    Attributes:
        units: text of each unit, in lower case, a space in front where a word begins.
        sources: the tokens of each unit, whose embeddings it starts as the mean of.
    """

    def __init__(self, tokens: Sequence[bytes], unspaced: str = "") -> None:
        """Make the table.

        Args:
            tokens: the bytes of every text token of the decoder, special tokens left out.
            unspaced: first letters of the words that were taught without the space before them.
        """
        self._tokens = tokens
        self._ids = {token: i for i, token in enumerate(tokens)}
        sources: dict[str, tuple[int, ...]] = {"": ()}
        characters = set(common_characters())
        for i, token in enumerate(tokens):
            text = _decoded(token)
            if text is None:
                continue
            if not token.isascii():
                characters.update(_HAN.findall(text))
            elif i < _COMMON and _HEARD.search(heard := text.lower()):
                sources.setdefault(heard, (self._ids.get(heard.encode(), i),))
        for character in (*_SPELLING, *sorted(characters)):
            sources.setdefault(character, self._pieces(character.encode()))
        self.units = list(sources)
        self.sources = list(sources.values())
        self._unit_of = {text: i for i, text in enumerate(self.units) if text}
        self._give_spaces(unspaced)
        self._longest = max(map(len, self._unit_of))
        self._spelled: dict[str, list[int]] = {}  # by the text of a token, as it is asked for

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
            found.append([] if text is None else self.of_text(text))
            # No character has more than four bytes: what is longer will never be one.
            pending = b"" if text is not None else pending[-3:]
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

    def of_text(self, text: str) -> list[int]:
        """The units that spell a token's text: the longest first, at every place."""
        if text in self._spelled:
            return self._spelled[text]
        heard = unicodedata.normalize("NFKD", text).lower()
        found, at = [], 0
        while at < len(heard):
            size = next(
                (n for n in range(self._longest, 0, -1) if heard[at : at + n] in self._unit_of), 0
            )
            if size:
                found.append(self._unit_of[heard[at : at + size]])
            at += max(1, size)
        self._spelled[text] = found
        return found

    def _give_spaces(self, unspaced: str) -> None:
        """Call by its word what was taught as a piece within one: "the" for " the".

        Hardly ever is it such a piece. A word that has no piece of its own was spelled, so its own
        unit has never been heard.
        """
        for text in [t for t in self._unit_of if t[0] == " " and t[1] in unspaced]:
            word = self._unit_of.pop(text)
            if (piece := self._unit_of.get(text[1:])) is not None:
                self._unit_of[text] = piece
                self.units[piece], self.sources[piece] = text, self.sources[word]

    def _pieces(self, data: bytes) -> tuple[int, ...]:
        """The tokens of one character, by byte-pair merges; an earlier token merges first."""
        if data in self._ids:
            return (self._ids[data],)
        pieces = [data[i : i + 1] for i in range(len(data))]
        while merges := [
            (self._ids[a + b], i) for i, (a, b) in enumerate(pairwise(pieces)) if a + b in self._ids
        ]:
            _, i = min(merges)
            pieces[i : i + 2] = [pieces[i] + pieces[i + 1]]
        return tuple(self._ids[piece] for piece in pieces)


def token_bytes(vocabulary: Sequence[str]) -> list[bytes]:
    """The bytes behind the printable characters that byte-level vocabularies are written in.

    Source: Radford et al. 2019 (GPT-2), the reference code's table of bytes.
    """
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    table = {256 + i: b for i, b in enumerate(others)}
    return [token.translate(table).encode("latin-1") for token in vocabulary]


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def common_characters(rare: bool = True) -> str:
    """The 6,763 simplified characters of the standard GB 2312, or the 3,755 of its first level."""
    rows = range(0xB0, 0xF8 if rare else 0xD8)
    pairs = (bytes([row, cell]) for row in rows for cell in range(0xA1, 0xFF))
    return "".join(pair.decode("gb2312", errors="ignore") for pair in pairs)
