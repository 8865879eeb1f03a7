"""The vocabularies of public models: Chinese characters, and pieces of words in other scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from asr_core.text.tokenizer import UNSPACED, TokenWord, spelled_words

_BEGIN = "▁"  # in front of a piece that begins a word, as SentencePiece writes it
_SPACE = "<space>"
_CONTROL = re.compile(r"<[^<>\s]+>")  # blank, end, unknown, noises: none of them is text
_TO_UNSPACED = re.compile(rf" (?=[{UNSPACED}])")
_FROM_UNSPACED = re.compile(rf"(?<=[{UNSPACED}])(?=[^\W{UNSPACED}])")
_NUMBERED = re.compile(r"(.+)[ \t](\d+)[ \t]*")


class PublishedPieces:
    """The text of every token of a public model.

    A piece that begins a word begins with a space. Text that is all in capitals, as Chinese models
    and many English ones write, is in small letters here: it says nothing about case.

    Attributes:
        texts: of every token; empty of one that is no text.
    """

    def __init__(self, symbols: Sequence[str]) -> None:
        texts = [_text(symbol) for symbol in symbols]
        shouts = all(text == text.upper() for text in texts)
        self.texts = tuple(text.lower() if shouts else text for text in texts)
        self._small = all(text == text.lower() for text in self.texts)
        self._ids = {text: i for i, text in reversed([*enumerate(self.texts)]) if text}
        self._longest = max(map(len, self._ids), default=0)

    def encode(self, text: str) -> list[int]:
        """The tokens of `text`, each as long as can be; what is in no piece is left out."""
        text = f" {' '.join(text.split())}"
        text = _FROM_UNSPACED.sub(" ", _TO_UNSPACED.sub("", text))
        text = text.lower() if self._small else text
        found, at = [], 0
        while at < len(text):
            ends = range(min(len(text), at + self._longest), at, -1)
            end = next((end for end in ends if text[at:end] in self._ids), None)
            if end is not None:
                found.append(self._ids[text[at:end]])
            at = at + 1 if end is None else end
        return found

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of `tokens`."""
        return "".join(self.texts[token] for token in tokens).strip()

    def words(self, tokens: Sequence[int]) -> list[TokenWord]:
        """The words in order; in text without spaces, the characters."""
        return spelled_words((self.texts[token], i, i + 1) for i, token in enumerate(tokens))


def symbols_of(lines: Iterable[str]) -> list[str]:
    """The symbols of a list with one a line and perhaps its number, which counts them.

    Raises:
        ValueError: a number is not that of its line.
    """
    symbols: list[str] = []
    for line in lines:
        numbered = _NUMBERED.fullmatch(line.rstrip("\r"))
        symbol = numbered[1] if numbered else line.rstrip("\r")
        if numbered and int(numbered[2]) != len(symbols):
            raise ValueError(f"line {len(symbols) + 1} has the number {numbered[2]}")
        symbols.append(symbol or _SPACE)
    return symbols


def _text(symbol: str) -> str:
    if symbol == _SPACE:
        return " "
    return "" if _CONTROL.fullmatch(symbol) else symbol.replace(_BEGIN, " ")
