"""A recording on its way in: sound as some decoder gives it, to blocks at 16 kHz."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from itertools import groupby
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.blocks import Chunk
from asr_core.audio.clip import WHOLE, Clip
from asr_core.audio.naming import refusal
from asr_core.audio.resample import BLOCK, prepare, resample
from asr_core.audio.source import UnreadableError

_LIVE_BLOCK = 0.25  # seconds; whoever speaks is waiting


class Sound(Protocol):
    """What was decoded of a file: in this process, or in one that can do no harm.

    Attributes:
        sample_rate: Hz at the start; it may change on the way.
        duration: seconds of the whole by the header, None when it does not say.
        notes: sentences for the reader, complete after the last chunk.
    """

    sample_rate: int
    duration: float | None
    notes: list[str]

    def chunks(self) -> Iterator[Chunk]:
        """The sound, (N, 1), finite, within -1..1; UnreadableError where it cannot go on."""
        ...

    def close(self) -> None:
        """Let go of the file and of everything held of it."""
        ...


class Recording:
    """A recording being decoded, or a part of one: iterate once, inside `with`.

    Yields (N,) float32 blocks of about five seconds, mono, 16 kHz, finite, within -1..1. Raises
    AudioDecodeError where the bytes turn out to be no recording after all.

    Attributes:
        is_behind: of sound that is still being made, whether more of it waits already; its blocks
            are short. None for what is there as a whole.
        name: base name only, safe to show.
        clip: the part that is given; what lies before it is decoded and dropped, so that its times
            are true in files that do not tell where a second begins, too.
        duration: seconds of the whole by the header, None when it does not say. It may lie: good
            for a progress bar and nothing else.
    """

    def __init__(
        self,
        sound: Sound,
        name: str,
        clip: Clip = WHOLE,
        is_behind: Callable[[], bool] | None = None,
    ) -> None:
        self.name = name
        self.clip = clip
        self.is_behind = is_behind
        self.duration = sound.duration
        self._sound = sound
        self._heard = clip.start
        if sound.sample_rate != SAMPLE_RATE:
            prepare()  # here, so that the wait for it belongs to opening
        self._blocks = self._converted()

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @property
    def heard(self) -> float:
        """Seconds from the start of the recording up to where it has been decoded."""
        return self._heard

    @property
    def notes(self) -> list[str]:
        """Sentences for the reader, complete after the last block."""
        return self._sound.notes

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        return self._blocks

    def close(self) -> None:
        """Let go of the file and of everything held of it."""
        self._blocks.close()
        self._sound.close()

    def _converted(self) -> Generator[NDArray[np.float32]]:
        size = BLOCK if self.is_behind is None else _LIVE_BLOCK
        try:
            for rate, run in groupby(self._sound.chunks(), lambda chunk: chunk.sample_rate):
                for block in resample(self._counted(run), rate, SAMPLE_RATE, size):
                    yield np.clip(block, -1, 1)
        except UnreadableError as error:
            raise refusal(self.name, error.found, error.advice) from error

    def _counted(self, chunks: Iterator[Chunk]) -> Iterator[NDArray[np.float32]]:
        for chunk in chunks:
            self._heard += len(chunk.samples) / chunk.sample_rate
            yield chunk.samples[:, 0]
