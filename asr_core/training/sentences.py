"""An endless stream of sentences to be spoken: Mandarin, English, both in one, numbers, names.

They grow out of the templates of `sentences.json`. There a list has a name; `{name}` stands for
any one of its entries, `|` parts entries, and `written=said` is a word that is said otherwise than
the synthesizer would read it. `{zh:date}` and the like are numbers.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import opencc

from asr_core.errors import AsrError
from asr_core.text.tidy import joined
from asr_core.text.tokenizer import UNSPACED
from asr_core.training import english_numbers, mandarin_numbers

READINGS = mandarin_numbers.READINGS | english_numbers.READINGS
KINDS = {
    "zh": 22,
    "mixed": 36,
    "switch": 12,
    "number": 14,
    "name": 8,
    "en": 40,
}  # and their weights
LONGEST = 110  # characters, about what fits into the 30 seconds a recognizer hears at once
_FROM_PAIRS = (
    0.7  # share of the plain sentences, and half of the joined ones, where there are pairs
)

_TWO = 0.25  # share of the sentences that are followed by another of their kind

_HAN = re.compile(f"[{UNSPACED}]")
_LATIN = re.compile(r"[A-Za-z]")
_SLOT = re.compile(r"\{([\w:]+)\}")
_WORD = re.compile(rf"[{UNSPACED}，。、；：？！]|[^\s{UNSPACED}，。、；：？！]+")
_PLAIN_HAN = re.compile(r"[\u4e00-\u9fff，。？！、：；“”]+")
_PLAIN_LATIN = re.compile(r"[A-Za-z ,.'?!;:-]+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Something to say.

    Attributes:
        kind: one of KINDS.
        text: as people write it, with figures.
        spoken: as it is said, without any.
        source: whose words they are; empty for our own.
    """

    kind: str
    text: str
    spoken: str
    source: str = ""

    @property
    def language(self) -> str:
        """ "zh", "en" or "mixed", by the scripts of the text."""
        if not _HAN.search(self.text):
            return "en"
        return "mixed" if _LATIN.search(self.text) else "zh"


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence in English and in Mandarin, and who wrote them."""

    en: str
    zh: str
    source: str


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a file that can be read aloud: English, Mandarin, attribution, parted by tabs.

    Mandarin comes out in simplified characters. Sentences with figures or with words of the other
    language are left out.

    Raises:
        AsrError: it cannot be read, or has no such pair.
    """
    simplified = opencc.OpenCC("t2s").convert
    pairs: list[Pair] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AsrError(f"Cannot read the sentences of {path}: {error}.") from error
    for line in lines:
        en, zh, source = (*(part.strip() for part in line.split("\t")), "", "", "")[:3]
        zh = simplified(zh).replace("「", "“").replace("」", "”")
        if _PLAIN_LATIN.fullmatch(en) and _PLAIN_HAN.fullmatch(zh) and len(zh) >= 4:
            pairs.append(Pair(en, zh, source))
    if not pairs:
        raise AsrError(
            f"{path.name} has no sentences to read aloud. It needs English, Mandarin and who wrote "
            "them on every line, parted by tabs."
        )
    return pairs


def sentences(seed: int, pairs: Sequence[Pair] = ()) -> Iterator[Sentence]:
    """Sentences without end, the same for the same seed and pairs.

    Args:
        pairs: supply most of the plain sentences, and of those that change language half way.
    """
    rng = random.Random(seed)
    templates = Templates()
    while True:
        (kind,) = rng.choices(list(KINDS), list(KINDS.values()))
        while True:  # too long: another of its kind, or kinds of long sentences would be rarer
            if pairs and kind in ("zh", "en") and rng.random() < _FROM_PAIRS:
                sentence = _plain(kind, pairs, rng)
            elif pairs and kind == "switch" and rng.random() < _FROM_PAIRS / 2:
                sentence = _both(pairs, rng)
            else:
                sentence = templates.sentence(kind, rng)
            if max(len(sentence.text), len(sentence.spoken)) <= LONGEST:
                break
        yield sentence


class Templates:
    """The lists of `sentences.json`."""

    def __init__(self) -> None:
        text = (files("asr_core.training") / "sentences.json").read_text(encoding="utf-8")
        lists: dict[str, list[str]] = json.loads(text)
        self._lists = {
            name: [entry for line in lines for entry in line.split("|")]
            for name, lines in lists.items()
        }

    def sentence(self, kind: str, rng: random.Random) -> Sentence:
        """One of a kind, or two in a row."""
        template = rng.choice(self._lists[kind])
        if rng.random() < _TWO:
            template = f"{template} {rng.choice(self._lists[kind])}"
        written, said = self._filled(template, rng, set())
        return Sentence(kind, _tidy(written), _tidy(said))

    def _filled(self, template: str, rng: random.Random, used: set[str]) -> tuple[str, str]:
        """The template with its slots filled, no word in it twice: as written and as said."""
        written, said, end = "", "", 0
        for slot in _SLOT.finditer(template):
            literal, end = template[end : slot.start()], slot.end()
            word, reading = self._word(slot[1], rng, used)
            written, said = written + literal + word, said + literal + reading
        return written + template[end:], said + template[end:]

    def _word(self, name: str, rng: random.Random, used: set[str]) -> tuple[str, str]:
        if name in READINGS:
            return READINGS[name](rng)
        entries = self._lists[name]
        entry = rng.choice([entry for entry in entries if entry not in used] or entries)
        if "{" in entry:
            return self._filled(entry, rng, used)
        used.add(entry)
        word, _, reading = entry.partition("=")
        return word, reading or word


def _plain(kind: str, pairs: Sequence[Pair], rng: random.Random) -> Sentence:
    chosen = [rng.choice(pairs) for _ in range(rng.choice((1, 1, 2, 3)))]
    text = (
        "".join(_ended(pair.zh) for pair in chosen)
        if kind == "zh"
        else " ".join(pair.en for pair in chosen)
    )
    return Sentence(kind, text, text, "; ".join(pair.source for pair in chosen))


def _both(pairs: Sequence[Pair], rng: random.Random) -> Sentence:
    """One in each language: the translation, or another sentence from thereabouts."""
    place = rng.randrange(len(pairs))
    one, other = pairs[place], pairs[(place + rng.choice((0, 1, 7))) % len(pairs)]
    text = f"{_ended(one.zh)}{other.en}" if rng.random() < 0.5 else f"{one.en} {other.zh}"
    return Sentence("switch", text, text, "; ".join(dict.fromkeys((one.source, other.source))))


def _ended(text: str) -> str:
    return text if re.search(r"[。？！”]$", text) else f"{text}。"


def _tidy(text: str) -> str:
    """Spaces where people put them, and one full stop behind "p.m."."""
    return joined(_WORD.findall(text)).replace(".m..", ".m.")
