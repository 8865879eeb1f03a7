"""Segments as an engine gives them, for the tests of what is written."""

from asr_core.result import Segment, Word
from asr_core.text.tidy import joined
from asr_core.text.tokenizer import words_of


def heard(text, language):
    """A segment with a word a second."""
    words = words_of(text)
    timed = tuple(Word(word, i, i + 1.0, 0.9 - 0.01 * i) for i, word in enumerate(words))
    return Segment(0.0, len(words), language, joined(words, spacing=False), 0.9, timed)
