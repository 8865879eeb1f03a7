"""What may be nowhere but in memory and on the page: of one recording its sound, text and name.

All of it is random and follows from sixteen bytes that recur in the sound, so that an engine that
hears the sound knows which words to say.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import soundfile
from voice import voice

RATE = 16_000  # that of the recognizer: nothing is resampled, so what is heard is what was stored
EVERY = 400  # samples from the beginning of one block to that of the next
_LOUD = 900  # of 32768: the voice stays a voice

_SIGNS = "山水木石火土日月人口手足心天女子王玉田米竹耳目舌羽虫角言豆貝"


@dataclass(frozen=True)
class Marks:
    """What marks one recording.

    Attributes:
        block: eight samples of PCM16, little endian.
    """

    block: bytes

    @classmethod
    def random(cls, rng: np.random.Generator) -> Marks:
        """New ones."""
        return cls(rng.integers(-_LOUD, _LOUD, 8).astype("<i2").tobytes())

    @classmethod
    def heard(cls, start: float, waveform: np.ndarray) -> Marks:
        """Those of the recording that a window was cut from; (N,) float32, `start` in seconds."""
        at = -round(start * RATE) % EVERY
        return cls(np.rint(waveform[at : at + 8] * 32768).astype("<i2").tobytes())

    @cached_property
    def word(self) -> str:
        """What is said: letters only, or it would be taken for a number and written otherwise."""
        return "zq" + _letters(self._digest("word"))

    @cached_property
    def phrase(self) -> str:
        """What is said in Chinese."""
        return "".join(_SIGNS[byte % len(_SIGNS)] for byte in self._digest("phrase")[:8])

    @cached_property
    def name(self) -> str:
        """What the file is called."""
        return f"xq{_letters(self._digest('name'))}.wav"

    @property
    def sentence(self) -> str:
        """What the engine says."""
        return f"The kestrel lands at {self.word} before dawn, {self.phrase}。"

    @cached_property
    def needles(self) -> tuple[bytes, ...]:
        """What is searched for: the sound in both forms it takes, each word in every encoding."""
        samples = np.frombuffer(self.block, "<i2").astype("<f4") / np.float32(32768)
        words = (self.word, self.phrase, self.name.removesuffix(".wav"))
        return (self.block, samples.tobytes(), *encodings(words))

    @property
    def unnamed(self) -> tuple[bytes, ...]:
        """The needles without the file's name, which a person types in a terminal."""
        name = encodings([self.name.removesuffix(".wav")])
        return tuple(needle for needle in self.needles if needle not in name)

    def recording(self, *stretches: float) -> bytes:
        """A WAV file: seconds of voice, of near silence, of voice and so on, the block all over."""
        pieces = [
            _voice(seconds) if i % 2 == 0 else np.zeros(round(seconds * RATE), "<i2")
            for i, seconds in enumerate(stretches)
        ]
        return self.marked(np.concatenate(pieces))

    def marked(self, samples: np.ndarray, every: int = EVERY) -> bytes:
        """A WAV file of these samples, (N,) int16 at 16 kHz, the block in them all over."""
        samples = samples[: len(samples) // every * every].astype("<i2")  # a copy
        samples.reshape(-1, every)[:, :8] = np.frombuffer(self.block, "<i2")
        file = io.BytesIO()
        soundfile.write(file, samples, RATE, format="WAV", subtype="PCM_16")
        return file.getvalue()

    def _digest(self, use: str) -> bytes:
        return hashlib.sha256(self.block + use.encode()).digest()


def encodings(words: Iterable[str]) -> list[bytes]:
    """Words as they may lie in a file: UTF-8, UTF-16, JSON that knows ASCII only."""
    return list(
        dict.fromkeys(
            needle
            for word in words
            for needle in (word.encode(), word.encode("utf-16-le"), json.dumps(word)[1:-1].encode())
        )
    )


def _letters(digest: bytes) -> str:
    return "".join("bcdfghjkmnprstvwx"[byte % 17] for byte in digest[:12])


@cache
def _voice(seconds: float) -> np.ndarray:
    if not seconds:
        return np.zeros(0, "<i2")
    return np.rint(voice(seconds) * 32767 * 0.6).astype("<i2")
