"""A vocabulary that CTC and decoder share: a blank, an end, and pieces of text as written."""

from __future__ import annotations

import re
from collections.abc import Sequence

from asr_core.text.tokenizer import TokenWord, spelled_words

VOCABULARY = "vocabulary.json"  # in the folder of a model that has such a vocabulary

_BLANK, _END = "", "<end>"


class Pieces:
    """Characters, and words that are one piece where they stand alone.

    Attributes:
        own: the pieces, without the blank and the end.
        texts: of every token, the blank and the end first.
    """

    eos_id = 1

    def __init__(self, texts: Sequence[str]) -> None:
        self.own = tuple(texts)
        self.texts = (_BLANK, _END, *texts)
        self._ids = {text: i for i, text in enumerate(self.texts)}
        words = sorted((text for text in texts if len(text) > 1), key=len, reverse=True)
        whole = "".join(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])|" for word in words)
        self._pattern = re.compile(f"{whole}.", re.DOTALL)

    def encode(self, text: str) -> list[int]:
        """The tokens of `text`; what is in no piece is left out."""
        return [self._ids[piece] for piece in self._pattern.findall(text) if piece in self._ids]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of `tokens`, without the end."""
        return "".join(self.texts[token] for token in tokens if token != self.eos_id)

    def words(self, tokens: Sequence[int]) -> list[TokenWord]:
        """The words in order, punctuation attached; in text without spaces, the characters."""
        return spelled_words((self.texts[token], i, i + 1) for i, token in enumerate(tokens))
