"""Two readers of sound files: libsndfile for plain PCM, FFmpeg for everything else.

libsndfile reads WAV and AIFF in large pieces, many times faster than FFmpeg where they have many
channels. Anything compressed, and any WAV or AIFF that libsndfile refuses or finds empty, goes to
FFmpeg, which survives more damage: it plays on behind a broken FLAC frame, and reads a WAV whose
recorder died before writing the length.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO, Protocol, cast

import av
import av.error
import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from asr_core.audio.blocks import Chunk
from asr_core.audio.source import Source, UnreadableError

PIECE = 1 << 18  # values read at once from PCM: 1 MB as float32
PCM_KINDS = frozenset(
    ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
)
GAP = 0.5  # seconds by which time stamps must jump before it counts as silence
CLOCK_JUMP = 3600.0  # a jump beyond this is a broken clock, not a pause
EARLY = 0.5  # seconds missing before a file counts as cut off
MAX_ERRORS = 50  # damaged packets in a row

# Without these two lists a text file named .wav makes FFmpeg read other files or listen on a port.
DEMUXERS = (
    "wav,w64,aiff,caf,au,flac,ogg,mp3,aac,mov,mp4,m4a,matroska,webm,asf,amr,avi,mpegts,wv,ac3"
)
PROTOCOLS = "pipe"
# With this one, no video or picture decoder ever sees a stranger's bytes.
DECODERS = frozenset(
    (
        *("aac", "aac_latm", "ac3", "adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms", "alac", "amrnb"),
        *("amrwb", "eac3", "flac", "gsm", "gsm_ms", "libopencore_amrnb", "libopencore_amrwb"),
        *("libopus", "mp2", "mp2float", "mp3", "mp3float", "opus", "vorbis", "wavpack", "wmapro"),
        *("wmav1", "wmav2"),
    )
) | {name for name in av.codecs_available if name.startswith("pcm_")}

# What a decoder says to damaged or hostile bytes; PyAV's own EOFError is among FFmpegError.
REFUSALS = (av.error.FFmpegError, OSError, ValueError, IndexError, AttributeError, MemoryError)


class Reader(Protocol):
    """A file being decoded, once, from start to end.

    Attributes:
        duration: seconds by the header, which may lie; None when it does not say.
        cut_off: known after reading: less came than the header promised, or an error ended it.
        hole: seconds from the start of the first damaged part that was left out.
    """

    duration: float | None
    cut_off: bool
    hole: float | None

    def chunks(self) -> Iterator[Chunk]:
        """The sound, in order; UnreadableError where the bytes turn out to be no recording."""
        ...

    def close(self) -> None: ...


def open_container(source: Source) -> Reader:
    """The reader that copes best with these bytes.

    Raises:
        UnreadableError: no reader knows them, or there is no sound track inside.
    """
    if _is_wav_or_aiff(source.head(12)):
        try:
            return PcmReader(source)
        except (sf.SoundFileError, RuntimeError, ValueError):
            source.seek(0)
    return MediaReader(source)


def _is_wav_or_aiff(head: bytes) -> bool:
    kind = head[8:12]
    return (head[:4] in (b"RIFF", b"RF64") and kind == b"WAVE") or (
        head[:4] == b"FORM" and kind in (b"AIFF", b"AIFC")
    )


class PcmReader:
    """WAV and AIFF through libsndfile."""

    def __init__(self, source: Source) -> None:
        head = source.head(8)
        promised = int.from_bytes(head[4:], "big" if head[:4] == b"FORM" else "little")
        # A writer that cannot know the length leaves a placeholder of 2 or 4 GB.
        self.cut_off = source.size() + 4096 < promised < 2**31 - 4096
        self.hole: float | None = None
        self._source = source
        self._file = sf.SoundFile(cast(BinaryIO, source))
        if not self._file.frames or self._file.subtype not in PCM_KINDS:
            self._file.close()
            raise ValueError("nothing here that libsndfile reads best")
        self.duration: float | None = self._file.frames / max(self._file.samplerate, 1)

    def chunks(self) -> Iterator[Chunk]:
        file, n_frames = self._file, max(1, PIECE // self._file.channels)
        while True:
            self._source.progress()
            try:
                samples = file.read(n_frames, dtype="float32", always_2d=True)
            except sf.SoundFileError:
                self.cut_off = True
                return
            if not len(samples):
                self.cut_off |= self._source.gave_out
                return
            yield Chunk(cast(NDArray[np.float32], samples), file.samplerate)

    def close(self) -> None:
        self._file.close()


class MediaReader:
    """Anything FFmpeg knows: its first sound track, with silence where the time stamps jump."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._damaged = False
        self.cut_off = False
        self.hole: float | None = None
        try:
            self._container = av.open(
                source,
                mode="r",
                metadata_errors="replace",
                options={
                    "format_whitelist": DEMUXERS,
                    "protocol_whitelist": PROTOCOLS,
                    "codec_whitelist": ",".join(sorted(DECODERS)),
                },
            )
        except REFUSALS as error:
            raise UnreadableError(look_of(source, "it is damaged or not a recording")) from error
        try:
            self._track = self._sound_track()
        except UnreadableError:
            self.close()
            raise
        self.duration, self._promised = self._durations()

    def chunks(self) -> Iterator[Chunk]:
        return _joined(self._timed_chunks())

    def _timed_chunks(self) -> Iterator[Chunk]:
        """A chunk for every frame, and for the silence where time stamps jump."""
        position = 0.0  # seconds given so far
        origin = None  # the time stamp that is the start of the recording
        for frame in self._frames():
            samples, rate = _as_float(frame), frame.sample_rate
            if frame.time is not None and rate:
                if origin is None:
                    origin = frame.time if frame.time < GAP else 0.0
                missing = frame.time - origin - position
                if missing > CLOCK_JUMP:
                    origin += missing
                elif missing > GAP:
                    if self._damaged and self.hole is None:
                        self.hole = position
                    yield from _silence(missing, rate, samples.shape[1])
                    position += missing
            yield Chunk(samples, rate)
            position += len(samples) / max(rate, 1)
        if self._promised is not None and position < self._promised - EARLY:
            self.cut_off = True

    def close(self) -> None:
        self._container.close()

    def _frames(self) -> Iterator[av.AudioFrame]:
        """Every frame that can be decoded; gives up after many damaged packets in a row."""
        n_good = n_bad = in_a_row = 0
        self._source.progress()
        try:
            for packet in self._container.demux(self._track):
                try:
                    frames = packet.decode()
                except REFUSALS:
                    self._damaged = True
                    n_bad, in_a_row = n_bad + 1, in_a_row + 1
                    if in_a_row > MAX_ERRORS:
                        self.cut_off = True
                        break
                    continue
                if frames:
                    n_good, in_a_row = n_good + 1, 0
                    yield from frames
                    self._source.progress()
        except REFUSALS:  # the container itself is broken from here on
            self.cut_off = True
        if self._source.gave_out:
            self.cut_off = True
        if n_bad > n_good:  # chance: random bytes contain a few valid MP3 frames
            raise UnreadableError(look_of(self._source, "what is inside cannot be decoded"))

    def _sound_track(self) -> av.AudioStream:
        tracks = self._container.streams.audio
        for track in tracks:
            if track.codec_context is not None and track.codec_context.name in DECODERS:
                return track
        if tracks:
            raise UnreadableError("its sound is packed in a way we do not know")
        raise UnreadableError(
            "it is a video without a sound track"
            if self._container.streams.video
            else look_of(self._source, "it has no sound track")
        )

    def _durations(self) -> tuple[float | None, float | None]:
        """Seconds by the header: for showing progress, and what a whole file must hold."""
        stamp, track = self._container.duration, self._track
        shown = None if stamp is None else stamp / av.time_base
        if track.duration is None or track.time_base is None:
            return shown, None
        promised = float(track.duration * Fraction(track.time_base))
        # Raw streams have no header; FFmpeg guesses from the bit rate. An MP3 with a start delay
        # has a LAME tag, which knows.
        family = self._container.format.name.split(",")[0]
        known = family in ("mov", "flac", "ogg", "wav", "aiff") or (
            family == "mp3" and track.start_time
        )
        return promised, promised if known else None


def _joined(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The same sound in fewer chunks, of a quarter second and more: frames are 20 ms short."""
    held: list[NDArray[np.float32]] = []
    n_samples, kind = 0, (0, 0)
    for chunk in chunks:
        other = (chunk.sample_rate, chunk.samples.shape[1])
        if held and (other != kind or n_samples >= kind[0] // 4):
            yield Chunk(np.concatenate(held), kind[0])
            held, n_samples = [], 0
        kind = other
        held.append(chunk.samples)
        n_samples += len(chunk.samples)
    if held:
        yield Chunk(np.concatenate(held), kind[0])


def _as_float(frame: av.AudioFrame) -> NDArray[np.float32]:
    """A frame's samples, (N, C) float32, full scale 1."""
    values = frame.to_ndarray()  # (C, N) planar, (1, N * C) interleaved
    values = values.T if frame.format.is_planar else values.reshape(-1, frame.layout.nb_channels)
    if values.dtype.kind == "f":
        with np.errstate(over="ignore"):  # doubles beyond float32 become infinite, cleaned later
            return values.astype(np.float32)
    full_scale = np.float32(2.0 ** (8 * values.dtype.itemsize - 1))
    samples = values.astype(np.float32)
    if values.dtype.kind == "u":  # 8 bits: silence is 128
        samples -= full_scale
    samples *= 1 / full_scale
    return samples


def _silence(seconds: float, rate: int, n_channels: int) -> Iterator[Chunk]:
    left = round(seconds * rate)
    piece = np.zeros((max(1, PIECE // n_channels), n_channels), np.float32)
    while left > 0:
        yield Chunk(piece[:left], rate)
        left -= len(piece)


_LOOKS = (
    (b"%PDF", "it is a PDF document"),
    (b"PK\x03\x04", "it is a ZIP archive or an office document"),
    (b"\x1f\x8b", "it is a compressed archive"),
    (b"\x7fELF", "it is a program"),
    (b"MZ", "it is a program"),
    (b"\x89PNG", "it is a picture"),
    (b"\xff\xd8\xff", "it is a picture"),
    (b"GIF8", "it is a picture"),
)


def look_of(source: Source, otherwise: str) -> str:
    """What the first bytes are, if they are something people know; for messages only."""
    try:
        head = source.head(512)
    except (OSError, ValueError):
        return otherwise
    for magic, what in _LOOKS:
        if head.startswith(magic):
            return what
    if b"<html" in head.lower():
        return "it is a web page"
    if len(head) >= 8 and head.isascii() and not head.translate(None, _PRINTABLE):
        return "it is text"
    return otherwise


_PRINTABLE = bytes(range(32, 127)) + b"\t\n\r"
