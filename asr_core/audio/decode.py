"""Bytes, a path or a file object to one channel of sound, in memory, as a stream.

Nothing is written to disk and nothing is held but the block at work. Every limit is counted in
what was decoded, never in what a header says.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from itertools import chain, groupby

import numpy as np

from asr_core.audio import MAX_RATE, MIN_RATE
from asr_core.audio import SAMPLE_RATE as SAMPLE_RATE
from asr_core.audio.blocks import Chunk, regroup
from asr_core.audio.clip import PART_HEARD, WHOLE, Clip
from asr_core.audio.containers import Reader, look_of, open_container
from asr_core.audio.mix import Cleaner, mix_down
from asr_core.audio.naming import refusal, shown_name
from asr_core.audio.recording import Recording
from asr_core.audio.source import AnySource, Source, UnreadableError
from asr_core.pace import clock

TELEPHONE_RATE = 8_000  # below it consonants are gone
MAX_CHANNELS = 64
MAX_DURATION = 10 * 3600.0  # seconds
MAX_VALUES = 7_000_000_000  # samples times channels: ten hours of stereo at 96 kHz


class Decoded:
    """The sound of a file, decoded in this process; a `Sound`.

    Only for files we trust: a stranger's go through `asr_core.sandbox`, which does this elsewhere.
    """

    def __init__(self, source: Source, reader: Reader, clip: Clip = WHOLE) -> None:
        self.notes: list[str] = []
        self._clip = clip
        self._source = source
        self._reader = reader
        self._cleaner = Cleaner()
        self._heard = 0.0
        self._n_values = 0
        self._stopped = False
        chunks = self._limited(reader.chunks())
        first = next(chunks, None)  # the true rate and channels; most refusals happen here
        if first is None and self._heard:
            raise UnreadableError(
                f"it ends at {clock(self._heard)}, before the part to be heard begins",
                "Choose an earlier start.",
            )
        if first is None:
            raise UnreadableError(look_of(source, "it holds no sound"))
        self.sample_rate = first.sample_rate
        duration = reader.duration
        self.duration = min(duration, MAX_DURATION) if duration and duration > 0 else None
        self._chunks = self._mixed(chain([first], chunks))

    def chunks(self) -> Iterator[Chunk]:
        """The sound in one channel, at most a second at once."""
        return self._chunks

    def close(self) -> None:
        """Let go of the file and of everything held of it."""
        self._chunks.close()
        self._reader.close()
        self._source.close()

    def _mixed(self, chunks: Iterator[Chunk]) -> Generator[Chunk]:
        for (rate, _), run in groupby(chunks, lambda c: (c.sample_rate, c.samples.shape[1])):
            mono = mix_down((self._cleaner(chunk.samples) for chunk in run), rate)
            for second in regroup(mono, rate):
                yield Chunk(np.clip(second, -1, 1)[:, None], rate)
        self._note_the_end()

    def _limited(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """What may be heard of the chunks; notes what may not."""
        for chunk in chunks:
            rate, n_channels = chunk.sample_rate, chunk.samples.shape[1]
            if not MIN_RATE <= rate <= MAX_RATE:
                raise UnreadableError(
                    f"its sample rate is {rate:,} Hz",
                    f"Record speech at {TELEPHONE_RATE:,} to {MAX_RATE:,} Hz.",
                )
            if n_channels > MAX_CHANNELS:
                raise UnreadableError(
                    f"it has {n_channels:,} channels", f"Keep at most {MAX_CHANNELS}."
                )
            if rate < TELEPHONE_RATE and not self.notes:
                self.notes.append(f"Its sample rate is only {rate:,} Hz: expect errors.")
            self._n_values += chunk.samples.size
            if self._heard >= MAX_DURATION or self._n_values > MAX_VALUES:
                until = clock(self._heard)
                self.notes.append(f"Only the first {until} was read. Split the file to read on.")
                return
            if self._heard >= self._clip.stop:
                self._stopped = True
                return
            yield from self._clipped(chunk)

    def _clipped(self, chunk: Chunk) -> Iterator[Chunk]:
        """What of the next chunk belongs to the clip."""
        rate, n_samples = chunk.sample_rate, len(chunk.samples)
        before = round((self._clip.start - self._heard) * rate)
        if self._heard + n_samples / rate > self._clip.stop:
            n_samples = max(1, round((self._clip.stop - self._heard) * rate))
            self._stopped = True
        self._heard += n_samples / rate
        wanted = chunk.samples[max(0, before) : n_samples]
        if len(wanted):
            yield Chunk(wanted, rate)

    def _note_the_end(self) -> None:
        if self._clip.start or self._stopped:
            part = f"{clock(self._clip.start)} to {clock(self._heard)}"
            self.notes.append(f"{PART_HEARD}{part}.")
        if self._reader.hole is not None:
            where = clock(self._reader.hole)
            self.notes.append(f"The file is damaged: a part is missing at {where}.")
        if self._reader.cut_off and not self._stopped:
            self.notes.append(f"The file ends early, at {clock(self._heard)}.")
        if self._cleaner.n_invalid:
            count = f"{self._cleaner.n_invalid:,}"
            self.notes.append(f"The file holds {count} invalid samples, heard as silence.")


def decode(source: AnySource, clip: Clip = WHOLE) -> Decoded:
    """The sound of a file, by what its bytes are.

    Args:
        source: the file's bytes, its path, or an open file (read whole if it cannot seek).
        clip: the part of it to be heard.

    Raises:
        UnreadableError: not a recording, or none we can read; says what was found and what to do.
    """
    with ExitStack() as opened:
        data = opened.enter_context(closing(Source(source)))
        if not data.size():
            raise UnreadableError("it is empty", "Record or export it again.")
        reader = opened.enter_context(closing(open_container(data)))
        decoded = Decoded(data, reader, clip)
        opened.pop_all()
        return decoded


def open_recording(source: AnySource, name: str, clip: Clip = WHOLE) -> Recording:
    """A recording of our own, decoded in this process; `name` serves for messages only.

    Raises:
        AudioDecodeError: not a recording, or none we can read; says which file, what was found
            and what to do.
    """
    name = shown_name(name)
    try:
        return Recording(decode(source, clip), name, clip)
    except UnreadableError as error:
        raise refusal(name, error.found, error.advice) from error
