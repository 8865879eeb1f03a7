"""Windows of sound that is still being made: whole ones, and in between the one that grows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from asr_core.audio.segment import Window, speech_windows


def live_windows(
    blocks: Iterable[NDArray[np.float32]], is_behind: Callable[[], bool]
) -> Iterator[Window]:
    """The windows that `speech_windows` gives of the same sound, and open ones in between.

    About once a second the window that is growing is given as it is, to be read in passing. That
    costs the more the longer it is, and each window begins anew, so over a long recording the cost
    stays flat. Whoever reads them determines the pace: reading them takes half of the time at
    most, and none while more sound waits.

    Args:
        blocks: (N,) at 16 kHz, of any lengths; as they are spoken.
        is_behind: whether more of them waits already, or no more will come.
    """
    shown, rested, is_due = 0.0, 0.0, False  # end of the last open window; until when to rest
    for window in speech_windows(blocks, with_open=True):
        if not window.is_open:
            yield window
            is_due = True  # the open one behind it says that it is wanted now
            continue
        has_grown = window.spans and window.end > shown and monotonic() >= rested
        if is_behind() or not (is_due or has_grown):
            continue
        began = monotonic()
        yield window
        ended = monotonic()
        shown, rested, is_due = window.end, ended + (ended - began), False
