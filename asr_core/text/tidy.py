"""A transcript as people write it: what was heard stays, and each kind of tidying is a switch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from asr_core.result import Segment, Transcript, Word
from asr_core.settings import VERBATIM, Tidy
from asr_core.text.case import begins_sentence, ends_sentence, in_case
from asr_core.text.chinese import full_width, half_width, in_script
from asr_core.text.figures import in_figures
from asr_core.text.tokenizer import UNSPACED, words_of

_UNSPACED_START = re.compile(rf"[{UNSPACED}，。、；：？！…“”‘’「」『』《》〈〉（）【】]")
_CLOSE = re.compile(r"[，。、；：？！…“”‘’「」『』《》〈〉（）【】]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_WITHIN_ADDRESS = frozenset("/@_#=&\\~")  # beside one of these a space would break an address
_CHINESE_OR_ENGLISH = ("zh", "en", "yue")  # the Han characters of others are not Chinese


def tidied(transcript: Transcript, tidy: Tidy) -> Transcript:
    """The transcript as it is shown: the same segments with the same times, tidied text."""
    return replace(transcript, segments=tidied_segments(transcript.segments, tidy))


def tidied_segments(segments: Sequence[Segment], tidy: Tidy) -> tuple[Segment, ...]:
    """The segments one by one, each knowing how the one before it ended."""
    before: Sequence[Segment | None] = (None, *segments)
    return tuple(tidied_segment(s, tidy, b) for s, b in zip(segments, before, strict=False))


def tidied_segment(segment: Segment, tidy: Tidy, before: Segment | None = None) -> Segment:
    """A segment as it is shown; what a person wrote is theirs and stays.

    Args:
        before: the segment before it, tidied or not; None for the first.

    Returns:
        The segment with its times. Its words keep theirs; where several became one number, that
        has their time together and the least of their confidences.
    """
    if segment.edited or tidy == VERBATIM:
        return segment
    is_start = before is None or ends_sentence(before.text)
    words = segment.words or tuple(
        Word(text, segment.start, segment.end, segment.confidence)
        for text in words_of(segment.text)
    )
    if tidy.numbers and segment.language in _CHINESE_OR_ENGLISH:
        begins = begins_sentence([word.text for word in words], is_start)
        words = in_figures(words, begins)
    texts = _written([word.text for word in words], segment.language, tidy, is_start)
    return replace(
        segment,
        text=joined(texts, tidy.spacing),
        words=_renamed(words, texts, segment.language, tidy) if segment.words else (),
    )


def _written(words: list[str], language: str, tidy: Tidy, is_start: bool) -> list[str]:
    """The words after every switch that leaves each of them a word."""
    is_ours = language in _CHINESE_OR_ENGLISH
    if tidy.script != "as_heard" and is_ours:
        words = in_script(words, tidy.script)
    if tidy.punctuation != "as_heard":
        words = full_width(words) if tidy.punctuation == "full" else half_width(words)
    return in_case(words, is_start, language == "en") if tidy.case and is_ours else words


def _renamed(
    words: Sequence[Word], texts: Sequence[str], language: str, tidy: Tidy
) -> tuple[Word, ...]:
    """The words with their new texts; what else they may have been is in the same script."""
    found: list[Word] = []
    for word, text in zip(words, texts, strict=True):
        others = word.alternatives
        if others and tidy.script != "as_heard" and language in _CHINESE_OR_ENGLISH:
            others = tuple(in_script([other], tidy.script)[0] for other in others)
        found.append(replace(word, text=text, alternatives=others))
    return tuple(found)


def joined(words: Iterable[str], spacing: bool = True) -> str:
    """The text of words: spaces between Latin words and, with `spacing`, beside Chinese ones.

    Figures stand close to Chinese characters (11月), punctuation to whatever it ends, and nothing
    comes into an address.
    """
    text = ""
    for word in filter(None, words):
        if text and _needs_space(text, word, spacing):
            text += " "
        text += word
    return text


def _needs_space(text: str, word: str, spacing: bool) -> bool:
    before, after = _UNSPACED_START.match(text[-1]), _UNSPACED_START.match(word)
    if not before and not after:
        return True
    if not spacing or (before and after):
        return False
    chinese, latin = (text[-1], word[0]) if before else (word[0], text[-1])
    beside = word if before else text.rsplit(" ", 1)[-1]
    is_held = bool(_CLOSE.match(chinese)) or latin in _WITHIN_ADDRESS
    return not is_held and bool(_LATIN.search(beside))
