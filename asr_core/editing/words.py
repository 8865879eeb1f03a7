"""The words of a passage whose text a person has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from asr_core.result import Segment, Word
from asr_core.text.timing import shared_time
from asr_core.text.tokenizer import words_of


def placed(segment: Segment) -> list[tuple[Word, int, int]]:
    """The words with the first character each has in the text and the one after its last.

    A word that does not stand in the text is left out.
    """
    found: list[tuple[Word, int, int]] = []
    done = 0
    for word in segment.words:
        first = segment.text.find(word.text, done) if word.text else -1
        if first >= 0:
            done = first + len(word.text)
            found.append((word, first, done))
    return found


def corrected(segment: Segment, text: str) -> Segment:
    """`segment` with another text, as a person wrote it.

    Unchanged words keep all they have. As many words as they replace take those words' times; else
    they share the time of what they replace, or the pause they were put into, by their length.
    """
    old = [word for word, _, _ in placed(segment)]
    moved = replace(segment, text=text, edited=True)
    is_spacing = "".join(text.split()) == "".join(segment.text.split())
    if is_spacing and len(placed(moved)) == len(old):
        return moved
    new = words_of(text)
    words: list[Word] = []
    changes = SequenceMatcher(None, [word.text for word in old], new, autojunk=False)
    for kind, i1, i2, j1, j2 in changes.get_opcodes():
        if kind == "equal":
            words += old[i1:i2]
        elif i2 - i1 == j2 - j1:
            words += [
                Word(text, word.start, word.end, 1.0)
                for text, word in zip(new[j1:j2], old[i1:i2], strict=True)
            ]
        else:
            start = old[i1].start if i2 > i1 else (words[-1].end if words else segment.start)
            after = old[i2].start if i2 < len(old) else segment.end
            end = old[i2 - 1].end if i2 > i1 else after
            words += shared(new[j1:j2], start, max(start, end))
    return replace(moved, words=tuple(words))


def shared(texts: Sequence[str], start: float, end: float) -> list[Word]:
    """Words that a person wrote, the time from `start` to `end` shared by their length."""
    times = shared_time([*map(len, texts)], start, end)
    return [Word(text, *time, 1.0) for text, time in zip(texts, times, strict=True)]
