"""An aligner that hears nothing: the words share the window in equal parts."""

from asr_core.result import Segment, Word


def align(window, text, language):
    """The words of `text`, one after the other."""
    words = text.split()
    step = window.duration / max(1, len(words))
    times = [window.start + i * step for i in range(len(words) + 1)]
    timed = [Word(w, a, b, 1.0) for w, a, b in zip(words, times, times[1:], strict=False)]
    return Segment(window.start, window.end, language, text, 1.0, tuple(timed))
