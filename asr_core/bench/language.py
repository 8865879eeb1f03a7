"""python -m asr_core.bench.language MANIFEST... : how well the language head tells zh from en.

Stretches of 1, 2 and 5 seconds of speakers that no training run hears: single utterances, or
several of one speaker one behind the other. A mixed stretch is half in one language and half in the
other.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.features import log_mel
from asr_core.bench.held_back import held_back, parser_of
from asr_core.bench.word_times import trimmed
from asr_core.errors import AsrError
from asr_core.model.growth import load_bundled
from asr_core.model.hybrid import LANGUAGES
from asr_core.model.precision import Placement, place
from asr_core.training.corpus import SoundCache, Utterance

_SECONDS = (1.0, 2.0, 5.0)
_STRETCHES = 120  # of each language and kind

Waveform = NDArray[np.float32]


def stretch(
    utterances: Sequence[Utterance], sounds: SoundCache, seconds: float, rng: Generator
) -> Waveform | None:
    """So many seconds of one speaker, drawn by chance; None if the speaker does not say so much."""
    first = utterances[int(rng.integers(len(utterances)))]
    own = [u for u in utterances if u.speaker == first.speaker and u is not first]
    order = [first, *(own[i] for i in rng.permutation(len(own)))]
    n_wanted = round(seconds * SAMPLE_RATE)
    parts: list[Waveform] = []
    for utterance in order:
        parts.append(trimmed(sounds.waveform(utterance)))
        if sum(map(len, parts)) >= n_wanted:
            sound = np.concatenate(parts)
            start = int(rng.integers(len(sound) - n_wanted + 1)) if len(parts) == 1 else 0
            return sound[start : start + n_wanted]
    return None


def stretches(
    utterances: Sequence[Utterance], sounds: SoundCache, seconds: float, rng: Generator
) -> Iterator[tuple[str, str, Waveform]]:
    """(language, kind, sound): real and synthetic in either language, and real halves of both."""
    groups: dict[tuple[str, str], list[Utterance]] = defaultdict(list)
    for u in utterances:
        if u.language != "mixed":
            groups[u.language, "synthetic" if u.is_synthetic else "real"].append(u)
    for (language, kind), members in sorted(groups.items()):
        for _ in range(_STRETCHES):
            sound = stretch(members, sounds, seconds, rng)
            if sound is not None:
                yield language, kind, sound
    for _ in range(_STRETCHES):
        order = ("zh", "en") if rng.random() < 0.5 else ("en", "zh")
        halves = [stretch(groups[name, "real"], sounds, seconds / 2, rng) for name in order]
        if halves[0] is not None and halves[1] is not None:
            yield "mixed", "real", np.concatenate([halves[0], halves[1]])


@torch.inference_mode()
def heard_as(placement: Placement, sound: Waveform) -> tuple[str, str]:
    """The likeliest of zh, en and mixed, and the likelier one of zh and en."""
    tail = round(placement.model.config.tail * SAMPLE_RATE)
    padded = torch.nn.functional.pad(torch.from_numpy(sound)[None], (0, tail))
    with placement.autocast():
        encoder_out, _ = placement.encode(log_mel(padded), torch.tensor([padded.shape[1] // 160]))
        n_frames = round(len(sound) / SAMPLE_RATE * placement.model.config.frame_rate)
        log_probs = placement.model.language_log_probs(
            encoder_out[:, :n_frames], torch.tensor([n_frames])
        )[0]
    return LANGUAGES[int(log_probs.argmax())], LANGUAGES[int(log_probs[:2].argmax())]


def main(arguments: list[str] | None = None) -> int:
    """Print accuracy and confusion, a table a length."""
    parser = parser_of("language", __doc__)
    options = parser.parse_args(arguments)
    try:
        utterances = held_back(options.manifests)
        sounds, placement = SoundCache(options.cache), place(load_bundled())
        for seconds in _SECONDS:
            rng = np.random.default_rng(0)
            counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * len(LANGUAGES))
            right: dict[tuple[str, str], int] = defaultdict(int)
            for language, kind, sound in stretches(utterances, sounds, seconds, rng):
                of_three, of_two = heard_as(placement, sound)
                counts[language, kind][LANGUAGES.index(of_three)] += 1
                right[language, kind] += of_two == language
            print(f"{seconds:.0f} s       heard as {'  '.join(LANGUAGES)}; zh or en right")
            for (language, kind), row in counts.items():
                share = (
                    "" if language == "mixed" else f"{100 * right[language, kind] / sum(row):.1f} %"
                )
                print(f"{language:5} {kind:10}  {'  '.join(f'{n:4}' for n in row)}   {share}")
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
