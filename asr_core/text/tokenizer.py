"""The decoder's tokens: prompt, text, and which tokens spell which word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from tokenizers import Tokenizer as TokenTable

# Scripts written without spaces, where every character is a word of its own.
UNSPACED = r"\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_OPENING = r"(\[{“‘「『《〈（【"
_CLOSING = r"，。、；：？！…）】》〉」』”’,.;:?!)\]}%％\u30fc"
_CORE = re.compile(r"\w(?:.*\w)?", re.DOTALL)
_WORD = re.compile(
    rf"[{_OPENING}]*(?:[{UNSPACED}][{_CLOSING}]*|[^\s{UNSPACED}，。、；：？！]+[，。、；：？！]*|\S)"
)
_BROKEN = "\ufffd"  # what an incomplete UTF-8 sequence decodes to
_LONGEST_CHARACTER = 4  # bytes, so tokens
_FIRST_MERGE = "Ġ t"


@dataclass(frozen=True, slots=True)
class TokenWord:
    """A word and the tokens that spell it.

    `start` and `end` count tokens in fractions: of the two characters one token spells, the
    first has 0.0 to 0.5, the second 0.5 to 1.0.
    """

    text: str
    start: float
    end: float

    @property
    def tokens(self) -> range:
        """The places of its tokens."""
        return range(int(self.start), max(int(self.start) + 1, -int(-self.end // 1)))


def core(word: str) -> str:
    """A word without the punctuation around it; nothing of what is punctuation alone."""
    found = _CORE.search(word)
    return found.group() if found else ""


def words_of(text: str) -> list[str]:
    """The words of a text in order, punctuation attached; in text without spaces, characters."""
    return _WORD.findall(text)


def spelled_words(pieces: Iterable[tuple[str, int, int]]) -> list[TokenWord]:
    """The words that pieces of text spell, each piece with its first token and the one behind."""
    characters: list[TokenWord] = []
    for text, first, last in pieces:
        said = [not character.isspace() for character in text]  # a space takes no time
        part = (last - first) / max(1, sum(said))
        edges = [first + part * n for n in accumulate(said, initial=0)]
        characters += map(TokenWord, text, edges, edges[1:])
    text = "".join(character.text for character in characters)
    return [
        TokenWord(found.group(), characters[found.start()].start, characters[found.end() - 1].end)
        for found in _WORD.finditer(text)
    ]


class Tokenizer:
    """Whisper's byte-level tokens.

    Args:
        table: what the model's `tokenizer.json` holds.
        suppressed: tokens that are never text (sounds, brackets, control tokens).
        suppressed_at_start: nor these as the first one.

    Source: Radford et al. 2022, Robust Speech Recognition via Large-Scale Weak Supervision,
    sections 2.2 and 2.3.
    """

    def __init__(
        self, table: str, suppressed: Iterable[int] = (), suppressed_at_start: Iterable[int] = ()
    ) -> None:
        self._table = TokenTable.from_str(_with_first_merge(table))
        self.suppressed = tuple(suppressed)
        self.suppressed_at_start = tuple(suppressed_at_start)
        added = {token["content"]: token["id"] for token in json.loads(table)["added_tokens"]}
        self.eos_id: int = added["<|endoftext|>"]
        self.start_id: int = added["<|startoftranscript|>"]
        self._task: int = added["<|transcribe|>"]
        self._no_times: int = added["<|notimestamps|>"]
        self.no_speech_id: int = added["<|nocaptions|>"]
        self.languages: dict[str, int] = {
            name.strip("<|>"): token
            for name, token in added.items()
            if self.start_id < token < added["<|translate|>"]
        }

    def prompt(self, language: str) -> list[int]:
        """What the decoder is fed first: start, language, transcribe, no times."""
        return [self.start_id, self.languages[language], self._task, self._no_times]

    def encode(self, text: str) -> list[int]:
        """The tokens of `text`, none of them a control token."""
        return self._table.encode(text, add_special_tokens=False).ids

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of `tokens`; control tokens have none, an unfinished character is left out."""
        text = self._table.decode([token for token in tokens if token < self.eos_id])
        return text.replace(_BROKEN, "")

    def words(self, tokens: Sequence[int]) -> list[TokenWord]:
        """The words in order, punctuation attached; in text without spaces, the characters."""
        return spelled_words(self._pieces(tokens))

    def _pieces(self, tokens: Sequence[int]) -> Iterator[tuple[str, int, int]]:
        """Texts that end with a character, each with the first token it has and the one behind."""
        first = 0
        for last in range(1, len(tokens) + 1):
            text = self._table.decode(
                [token for token in tokens[first:last] if token < self.eos_id]
            )
            unfinished = text.endswith(_BROKEN) and last - first < _LONGEST_CHARACTER
            if unfinished and last < len(tokens):
                continue
            yield text.replace(_BROKEN, ""), first, last
            first = last


def _with_first_merge(table: str) -> str:
    """`table` with the merge of a space and "t", the first of GPT-2's list.

    The packaged file lacks it (its converter took the line for a heading), and without it " the"
    would be written as a space and "the", tokens the decoder has never seen in that order.
    """
    found = json.loads(table)
    merges = found["model"]["merges"]
    if merges[0] != _FIRST_MERGE:
        merges.insert(0, _FIRST_MERGE)
    return json.dumps(found)
