"""A transcript as people write it: what was heard stays, and each kind of tidying is a switch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from asr_core.result import Segment, Transcript, Word
from asr_core.settings import VERBATIM, Tidy
from asr_core.text.case import begins_sentence, ends_sentence, in_case
from asr_core.text.chinese import ChineseScript, full_width, half_width, in_script, words_in_script
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
    return tuple(tidied_segment(s, tidy, b) for s, b in _with_before(segments))


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
    words = segment.words or tuple(
        Word(text, segment.start, segment.end, segment.confidence)
        for text in words_of(segment.text)
    )
    is_start = before is None or ends_sentence(before.text)
    words = _as_written(words, segment.language, tidy, is_start)
    return replace(
        segment,
        text=joined(_texts(words), tidy.spacing),
        words=tuple(words) if segment.words else (),
    )


class TidyCopy:
    """A tidied copy beside segments that grow and are corrected: only what changed is done again.

    Whoever holds it holds text.
    """

    def __init__(self) -> None:
        self._tidy = VERBATIM
        self._done: list[tuple[Segment, Segment | None, Segment]] = []  # and before, and tidied

    def of(self, segments: Sequence[Segment], tidy: Tidy) -> tuple[Segment, ...]:
        """What `tidied_segments` gives."""
        known = self._done if tidy == self._tidy else []
        done: list[tuple[Segment, Segment | None, Segment]] = []
        for i, (segment, before) in enumerate(_with_before(segments)):
            is_known = i < len(known) and known[i][0] is segment and known[i][1] is before
            found = known[i][2] if is_known else tidied_segment(segment, tidy, before)
            done.append((segment, before, found))
        self._tidy, self._done = tidy, done
        return tuple(found for _, _, found in done)


def _with_before(segments: Sequence[Segment]) -> Iterator[tuple[Segment, Segment | None]]:
    return zip(segments, (None, *segments), strict=False)


def _as_written(words: Sequence[Word], language: str, tidy: Tidy, is_start: bool) -> Sequence[Word]:
    """The words after every switch but `spacing`; marks before what stands beside them changes."""
    is_ours = language in _CHINESE_OR_ENGLISH
    if tidy.script != "as_heard" and is_ours:
        words = _in_script(words, tidy.script)
    if tidy.punctuation != "as_heard":
        texts = _texts(words)
        is_full = tidy.punctuation == "full"
        words = _renamed(words, full_width(texts, language) if is_full else half_width(texts))
    if tidy.numbers and is_ours:
        words = in_figures(words, begins_sentence(_texts(words), is_start))
    if tidy.case and is_ours:
        words = _renamed(words, in_case(_texts(words), is_start, language == "en"))
    return words


def _in_script(words: Sequence[Word], script: ChineseScript) -> list[Word]:
    """The words, and what else they may have been, in one script."""
    return [
        replace(word, alternatives=tuple(in_script(other, script) for other in word.alternatives))
        for word in _renamed(words, words_in_script(_texts(words), script))
    ]


def _renamed(words: Sequence[Word], texts: Sequence[str]) -> list[Word]:
    return [replace(word, text=text) for word, text in zip(words, texts, strict=True)]


def _texts(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words]


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
