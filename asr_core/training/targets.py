"""What a transcript asks of the model: the decoder's tokens, the CTC units, the language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from asr_core.model.units import UnitTable
from asr_core.text.tokenizer import Tokenizer

_HAN = re.compile("[\u3400-\u9fff]")
_LATIN = re.compile("[A-Za-z]+")
_MARK = re.compile("[,.?!;:，。？！；：、]")


@dataclass(frozen=True, slots=True)
class Target:
    """What one example asks for.

    Attributes:
        prompt: tokens the decoder is fed first.
        tokens: tokens it is to write, the end included; empty: it is not asked.
        units: what CTC is to hear.
    """

    prompt: tuple[int, ...]
    tokens: tuple[int, ...]
    units: tuple[int, ...]


class Speller(Protocol):
    """How a model's vocabulary spells text."""

    def target(self, text: str, language: str, attends: bool = True) -> Target:
        """What `text` asks for; without `attends` of CTC alone."""
        ...


class Writer(Speller, Protocol):
    """How a model's vocabulary spells text, and back."""

    def heard(self, units: Sequence[int]) -> str:
        """The text of CTC units."""
        ...

    def written(self, tokens: Sequence[int]) -> str:
        """The text of the decoder's tokens."""
        ...


class WhisperWriter:
    """The grown model's vocabulary: Whisper's tokens, and the units made from them."""

    def __init__(self, tokenizer: Tokenizer, units: UnitTable) -> None:
        self._tokenizer, self._units = tokenizer, units

    def target(self, text: str, language: str, attends: bool = True) -> Target:
        spaced = text if _HAN.match(text) else f" {text}"  # Whisper's words begin with a space
        tokens = self._tokenizer.encode(spaced)
        units = chain.from_iterable(self._units.of_tokens(tokens))
        wanted = (*tokens, self._tokenizer.eos_id) if attends else ()
        return Target(tuple(self._tokenizer.prompt(language)), wanted, tuple(units))

    def heard(self, units: Sequence[int]) -> str:
        return self._units.text(units)

    def written(self, tokens: Sequence[int]) -> str:
        return self._tokenizer.decode(tokens)


def is_tidy(text: str) -> bool:
    """Whether a transcript has punctuation, so that the decoder can learn how to write from it."""
    return bool(_MARK.search(text))


def tidied(text: str, language: str) -> str:
    """A bare transcript as a plain sentence: a capital first, "I", a full stop.

    Source: what the decoder writes must not be forgotten; even so crude a target keeps it.
    """
    if language == "zh":
        return text.replace(" ", "") + "。"
    words = (text.lower() if text.isupper() else text).split()
    words = ["I" + w[1:] if re.fullmatch("i('.*)?", w) else w for w in words]
    sentence = " ".join(words)
    return sentence[:1].upper() + sentence[1:] + "."


def is_sentence(text: str, language: str) -> bool:
    """Whether a transcript is more than a word or two."""
    if language == "zh":
        return len(_HAN.findall(text)) >= 4
    return len(text.split()) >= 3


def spoken_mostly(text: str) -> str:
    """ "zh" or "en": which of them has more words in the text, two characters being a word."""
    return "zh" if len(_HAN.findall(text)) >= 2 * len(_LATIN.findall(text)) else "en"


def joined_texts(texts: Sequence[str]) -> str:
    """Sentences one after another; between two in Chinese there is no space."""
    found = texts[0]
    for text in texts[1:]:
        is_chinese = _HAN.search(found[-2:]) and _HAN.match(text)
        found += text if is_chinese else f" {text}"
    return found
