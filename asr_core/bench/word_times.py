"""python -m asr_core.bench.word_times MANIFEST... : how exact the times of words are.

Single words of speakers that no training run hears are trimmed to their sound and joined with
pauses, so that every start and end is known; then the joins are transcribed like any recording.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.loudness import STEPS, loudness
from asr_core.bench.held_back import held_back, parser_of, scored_words, transcript_of
from asr_core.engines import load_engine
from asr_core.errors import AsrError
from asr_core.result import Transcript
from asr_core.settings import Settings
from asr_core.text.score import scored_tokens
from asr_core.training.corpus import SoundCache, Utterance, group_of

_PAUSES = (0.05, 0.4)  # seconds between two words
_SILENCE = 0.5  # before the first and after the last
_WORDS = (4, 9)  # a join, the second one exclusive
_NOTHING = -90.0  # dB of full scale
_QUIET = 34.0  # dB below the loudest moment; what a word is trimmed to is louder

Times = tuple[float, float]  # start and end, seconds


@dataclass(frozen=True, slots=True)
class Join:
    """Words one after another.

    Attributes:
        waveform: (N,) float32, 16 kHz.
        words: what was said when.
    """

    language: str
    waveform: NDArray[np.float32]
    words: tuple[tuple[str, Times], ...]


def trimmed(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """A word without the silence around it; empty if it is nothing but silence."""
    levels = loudness(waveform)
    loud = np.flatnonzero(levels > max(levels.max(initial=_NOTHING) - _QUIET, _NOTHING))
    hop = SAMPLE_RATE // STEPS
    return waveform[loud[0] * hop : (loud[-1] + 1) * hop] if len(loud) else waveform[:0]


def join(words: Sequence[Utterance], sounds: SoundCache, rng: Generator) -> Join:
    """Words with pauses of chance between them."""
    parts = [np.zeros(round(_SILENCE * SAMPLE_RATE), np.float32)]
    found: list[tuple[str, Times]] = []
    for word in words:
        sound = trimmed(sounds.waveform(word))
        start = sum(map(len, parts)) / SAMPLE_RATE
        found.append((word.text, (start, start + len(sound) / SAMPLE_RATE)))
        loudest = float(np.abs(sound).max(initial=1e-9))
        pause = rng.uniform(*_PAUSES)
        parts += [sound * np.float32(0.5 / loudest), np.zeros(round(pause * SAMPLE_RATE), "f4")]
    parts.append(np.zeros(round(_SILENCE * SAMPLE_RATE), np.float32))
    return Join(words[0].language, np.concatenate(parts), tuple(found))


def joins(words: Sequence[Utterance], sounds: SoundCache, n: int, seed: int = 0) -> Iterator[Join]:
    """`n` joins a language, each by one speaker as long as that one has words."""
    rng = np.random.default_rng(seed)
    by_language: dict[str, list[Utterance]] = defaultdict(list)
    for word in words:
        by_language[word.language].append(word)
    for members in by_language.values():
        for _ in range(n):
            speaker = members[int(rng.integers(len(members)))].speaker
            own = [word for word in members if word.speaker == speaker]
            n_words = min(len(own), int(rng.integers(*_WORDS)))
            chosen = rng.choice(len(own), n_words, replace=False)
            yield join([own[i] for i in chosen], sounds, rng)


def noisy(made: Join, snr: float, rng: Generator) -> Join:
    """The join in brown noise, `snr` dB below the mean power of its words."""
    said = [
        made.waveform[round(SAMPLE_RATE * a) : round(SAMPLE_RATE * b)] for _, (a, b) in made.words
    ]
    power = np.square(np.concatenate(said)).mean()
    noise = np.cumsum(rng.standard_normal(len(made.waveform)))
    window = SAMPLE_RATE // 40
    noise -= np.convolve(noise, np.full(window, 1 / window), "same")  # nothing below 40 Hz
    noise *= np.sqrt(power / np.square(noise).mean()) * 10 ** (-snr / 20)
    return replace(made, waveform=(made.waveform + noise).astype(np.float32))


def time_errors(reference: Join, transcript: Transcript) -> list[float]:
    """Seconds by which starts and ends of words are off, signed, of all that were recognized."""
    said: list[tuple[str, float | None, float | None]] = []
    for text, (start, end) in reference.words:
        tokens = scored_tokens(text)
        for i, token in enumerate(tokens):
            said.append((token, start if i == 0 else None, end if i == len(tokens) - 1 else None))
    heard = [(token, start, end) for token, start, end, _ in scored_words(transcript)]
    matcher = SequenceMatcher(None, [s[0] for s in said], [h[0] for h in heard], False)
    errors: list[float] = []
    for a, b, n in matcher.get_matching_blocks():
        for (_, *wanted), (_, *found) in zip(said[a : a + n], heard[b : b + n], strict=True):
            errors += [f - w for w, f in zip(wanted, found, strict=True) if w is not None]
    return errors


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print a line a language."""
    parser = parser_of("word_times", __doc__)
    parser.add_argument("--joins", type=int, default=60, help="of each language")
    parser.add_argument("--noise", type=float, metavar="DB", help="how far below speech; none")
    options = parser.parse_args(arguments)
    try:
        words = [u for u in held_back(options.manifests) if group_of(u).endswith("-real-words")]
        engine = load_engine(Settings())
        errors: dict[str, list[float]] = defaultdict(list)
        n_words: dict[str, int] = defaultdict(int)
        rng = np.random.default_rng(0)
        for made in joins(words, SoundCache(options.cache), options.joins):
            if options.noise is not None:
                made = noisy(made, options.noise, rng)
            transcript = transcript_of(engine, made.waveform, "join.wav")
            errors[made.language] += time_errors(made, transcript)
            n_words[made.language] += len(made.words)
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    for language, found in errors.items():
        off = 1000 * np.abs(found)
        print(
            f"{language}: {len(found)} starts and ends of {n_words[language]} words; off by "
            f"{np.median(off):.0f} ms at the median, {np.quantile(off, 0.95):.0f} ms at 95 %, "
            f"{1000 * np.mean(found):+.0f} ms on average"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
