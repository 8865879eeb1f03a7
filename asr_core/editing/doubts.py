"""Words the recognizer was not sure of, and what a person says to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from asr_core.editing.words import placed, shared
from asr_core.result import DOUBTFUL, Segment, Word
from asr_core.text.tokenizer import core, words_of


def is_doubtful(segment: Segment, word: Word) -> bool:
    """Whether a person should look at `word`: nobody has read its passage yet."""
    return word.confidence < DOUBTFUL and not segment.edited


def settled(
    segments: Sequence[Segment], index: int, place: int, text: str, everywhere: bool = False
) -> dict[int, Segment]:
    """The passages that change when a person says what a doubtful word is.

    The other words of a passage remain as doubtful as they were.

    Args:
        index: of the passage.
        place: of the word, among the words of the passage that stand in its text.
        text: what it should be; the same text says that it is right.
        everywhere: settle every doubtful word of the recording that reads the same.
    """
    words = placed(segments[index])
    if not text.strip() or place >= len(words):
        return {}
    same = _core(words[place][0].text)
    changes: dict[int, Segment] = {}
    for i, segment in enumerate(segments):
        if i != index and not everywhere:
            continue
        wanted = {
            k
            for k, (word, _, _) in enumerate(placed(segment))
            if (i, k) == (index, place)
            or (everywhere and is_doubtful(segment, word) and _core(word.text) == same)
        }
        if wanted:
            changes[i] = _with_words(segment, wanted, text.strip())
    return changes


def _with_words(segment: Segment, wanted: set[int], text: str) -> Segment:
    """`segment` with `text` for the words at these places, which keep their punctuation."""
    words: list[Word] = []
    whole, done = "", 0
    for k, (word, first, last) in enumerate(placed(segment)):
        said = word.text
        if k in wanted:
            bare = _core(word.text)
            said = word.text.replace(bare, _core(text), 1) if bare else text
            words += shared(words_of(said), word.start, word.end)
        else:
            words.append(word)
        whole += segment.text[done:first] + said
        done = last
    return replace(segment, text=whole + segment.text[done:], words=tuple(words))


def _core(text: str) -> str:
    """`text` without the punctuation around it; all of it if it is nothing else."""
    return core(text) or text
