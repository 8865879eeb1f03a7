"""Codes instead of real names, in everything that leaves the page.

A person lists them in plain lines, `real name = code`. Latin names are found as whole words in any
case ("anna's" too), Chinese ones anywhere and in both scripts, and a name also where a line, a
passage or a file name parts it ("Anna_Smith.mp3").
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from asr_core.editing.quotes import Quote
from asr_core.editing.words import placed
from asr_core.errors import AsrError
from asr_core.result import Segment, Transcript, Word
from asr_core.text.chinese import in_script

_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_LETTER = rf"[^\W\d_{_UNSPACED}]"  # of a script that has spaces between its words
_IS_LETTER = re.compile(_LETTER)
_BETWEEN_PARTS = r"(?:\s+|[_.·-]?)"
_PARTED = re.compile(r"[\s_.·-]+")
_APOSTROPHES = "['’ʼ]"
_ROUNDS = 10  # a code beside what follows may make a name once more, hardly ever twice


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Real names and the codes that stand for them, as `read` gives them."""

    codes: tuple[tuple[str, str], ...] = ()
    _pattern: re.Pattern[str] | None = field(default=None, repr=False)

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """(start, end, number of the name) of each name in `text`, the longest where two begin."""
        if self._pattern is None:
            return []
        return [
            (found.start(), found.end(), int((found.lastgroup or "n0")[1:]))
            for found in self._pattern.finditer(text)
        ]


def read(lines: str) -> Pseudonyms:
    """The pseudonyms in `lines`; empty lines mean nothing.

    Raises:
        AsrError: a line that is no pseudonym, or codes that would not hide the names.
    """
    codes: dict[str, str] = {}
    for number, line in enumerate(lines.splitlines(), 1):
        if not line.strip():
            continue
        name, sign, code = (
            part.strip() for part in _normal(line).replace("＝", "=").partition("=")
        )
        if not sign or not _PARTED.sub("", name) or not code or "=" in code:
            raise AsrError(f"Line {number} of the pseudonyms: write “real name = code”.")
        if len(name) == 1 and _IS_UNSPACED.match(name):
            raise AsrError(
                f"Line {number} of the pseudonyms: one Chinese character is part of many words. "
                "Write the whole name."
            )
        if codes.setdefault(name, code) != code:
            raise AsrError(f"Line {number} of the pseudonyms: this name has another code already.")
    ordered = tuple(sorted(codes.items(), key=lambda entry: -len(entry[0])))
    if not ordered:
        return Pseudonyms()
    names = Pseudonyms(ordered, _pattern([name for name, _ in ordered]))
    for _, code in ordered:
        if names.find(code):
            raise AsrError(f"The code “{code}” holds a name of the list. Choose another code.")
    return names


def written(names: Pseudonyms) -> str:
    """The list as a file of its own, which `read` reads."""
    return "".join(f"{name} = {code}\n" for name, code in names.codes)


def hidden(transcript: Transcript, names: Pseudonyms) -> Transcript:
    """The transcript with codes for names: in text, words, speakers, notes and file name.

    What a word may have been otherwise is left out, since a name may be among it.
    """
    if not names.codes:
        return transcript
    segments = tuple(
        replace(_normal_segment(segment), speaker=hide(segment.speaker, names))
        for segment in transcript.segments
    )
    for _ in range(_ROUNDS):
        found = names.find("\n".join(segment.text for segment in segments))
        if not found:
            break
        segments = _without(segments, found, names)
    else:
        raise _endless()
    return replace(
        transcript,
        name=hide(transcript.name, names),
        segments=segments,
        notes=tuple(hide(note, names) for note in transcript.notes),
    )


def hidden_quotes(quotes: Sequence[Quote], names: Pseudonyms) -> tuple[Quote, ...]:
    """The quotes with codes for names, in text and speakers."""
    return tuple(
        replace(quote, text=hide(quote.text, names), speaker=hide(quote.speaker, names))
        for quote in quotes
    )


def hide(text: str, names: Pseudonyms) -> str:
    """`text` with codes for names."""
    if not names.codes:
        return text
    text = _normal(text)
    for _ in range(_ROUNDS):
        found = names.find(text)
        if not found:
            return text
        text = _replaced(text, 0, len(text), _cuts(found, 0, len(text), names))
    raise _endless()


def counts(transcript: Transcript, names: Pseudonyms) -> dict[str, int]:
    """How often each name stands in the transcript: in its text, as a speaker, in its file name."""
    speakers = {segment.speaker for segment in transcript.segments}
    text = "\n".join(segment.text for segment in transcript.segments)
    counted: Counter[int] = Counter()
    for place in (text, *speakers, *transcript.notes, transcript.name):
        counted.update(number for _, _, number in names.find(_normal(place)))
    return {name: counted[number] for number, (name, _) in enumerate(names.codes)}


@dataclass(frozen=True, slots=True)
class _Cut:
    """A part of a text that something else takes the place of."""

    start: int
    end: int
    text: str


def _without(
    segments: Iterable[Segment], found: Sequence[tuple[int, int, int]], names: Pseudonyms
) -> tuple[Segment, ...]:
    """The segments with codes for what was found in their texts, joined by line breaks.

    A name that two segments share becomes a code in the first and nothing in the second.
    """
    changed, offset = [], 0
    for segment in segments:
        end = offset + len(segment.text)
        cuts = _cuts(found, offset, end, names)
        text = _replaced(segment.text, 0, len(segment.text), cuts).strip(" ") if cuts else ""
        changed.append(
            replace(segment, text=text, words=_words(segment, cuts)) if cuts else segment
        )
        offset = end + 1
    return tuple(changed)


def _cuts(
    found: Sequence[tuple[int, int, int]], start: int, end: int, names: Pseudonyms
) -> list[_Cut]:
    """What of `found` lies in the text from `start` to `end`."""
    return [
        _Cut(
            max(begin, start) - start,
            min(stop, end) - start,
            names.codes[number][1] if begin >= start else "",
        )
        for begin, stop, number in found
        if begin < end and stop > start
    ]


def _replaced(text: str, start: int, end: int, cuts: Sequence[_Cut]) -> str:
    """The text from `start` to `end`, which part no cut."""
    pieces, done = [], start
    for cut in cuts:
        if start <= cut.start < end:
            pieces += [text[done : cut.start], cut.text]
            done = cut.end
    return "".join([*pieces, text[done:end]])


def _words(segment: Segment, cuts: Sequence[_Cut]) -> tuple[Word, ...]:
    """The words after the cuts; those that share a name become one.

    A word that does not stand in the text is left out, as nobody could say what it tells.
    """
    groups: list[tuple[int, int, list[Word]]] = []
    for word, start, end in placed(segment):
        for cut in cuts:
            if cut.start < end and cut.end > start:
                start, end = min(start, cut.start), max(end, cut.end)
        if groups and start < groups[-1][1]:
            start, last_end, shared = groups.pop()
            groups.append((start, max(end, last_end), [*shared, word]))
        else:
            groups.append((start, end, [word]))
    changed = []
    for start, end, shared in groups:
        text = _replaced(segment.text, start, end, cuts).strip()
        confidence = min(word.confidence for word in shared)
        if text:
            changed.append(Word(text, shared[0].start, shared[-1].end, confidence))
    return tuple(changed)


def _normal_segment(segment: Segment) -> Segment:
    words = tuple(replace(word, text=_normal(word.text), alternatives=()) for word in segment.words)
    return replace(segment, text=_normal(segment.text), words=words)


def _normal(text: str) -> str:
    """One way to write letters with accents, of the two there are."""
    return unicodedata.normalize("NFC", text)


def _pattern(names: Sequence[str]) -> re.Pattern[str]:
    parts = [f"(?P<n{number}>{_any_script(name)})" for number, name in enumerate(names)]
    return re.compile("|".join(parts), re.IGNORECASE)


def _any_script(name: str) -> str:
    scripts = dict.fromkeys([name, in_script(name, "simplified"), in_script(name, "traditional")])
    return "|".join(_one_script(written) for written in scripts)


def _one_script(name: str) -> str:
    parts = [_part(part) for part in _PARTED.split(name) if part]
    pattern = _BETWEEN_PARTS.join(parts)
    before = f"(?<!{_LETTER})" if _IS_LETTER.match(name.strip("_.·- ")[0]) else ""
    after = f"(?!{_LETTER})" if _IS_LETTER.match(name.strip("_.·- ")[-1]) else ""
    return f"{before}{pattern}{after}"


def _part(part: str) -> str:
    """A part of a name; between Chinese characters a line or a passage may end."""
    pattern = ""
    for before, sign in zip(" " + part, part, strict=False):
        if _IS_UNSPACED.match(sign) and _IS_UNSPACED.match(before):
            pattern += r"\s*"
        pattern += _APOSTROPHES if sign in "'’ʼ" else re.escape(sign)
    return pattern


def _endless() -> AsrError:
    return AsrError("The codes make names of the list again. Choose other codes.")
