"""What a Qwen3-ForcedAligner takes and gives, whichever program runs it.

Source: Qwen3-ASR Technical Report (arXiv 2601.21337), section on Qwen3-ForcedAligner: one pass
over the sound and the words, two places behind each that are classified into steps of 80 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from asr_core.audio.segment import Window
from asr_core.engines.qwen3_asr.prompt import without_control
from asr_core.engines.times import Span, Times

# The languages it was trained for.
_KNOWN = {"zh", "en", "yue", "fr", "de", "it", "ja", "ko", "pt", "ru", "es"}


def spoken_times(
    window: Window,
    words: Sequence[str],
    language: str,
    longest: float,
    spans: Callable[[Sequence[str]], Iterable[Span] | None],
) -> Times | None:
    """When each of the words was said; None for a language or a length it does not know.

    Args:
        longest: seconds that it takes at once.
        spans: of words that can be heard, letters and figures alone, seconds from the start of
            the window; None if it cannot tell.
    """
    said = ["".join(c for c in without_control(w) if c.isalnum() or c == "'") for w in words]
    spoken = [word for word in said if word]
    if language not in _KNOWN or window.duration > longest or not spoken:
        return None
    if (found := spans(spoken)) is None:
        return None
    moved = iter([(window.start + start, window.start + end) for start, end in found])
    return [next(moved) if word else None for word in said]
