"""python -m asr_core.bench.batches MANIFEST: how many passages are best recognized together.

The bundled model in each form, encoder and beam search, over batches of recordings of like length:
seconds of sound a second, the best of the rounds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.features import log_mel
from asr_core.bench.manifest import Recording, read_recordings
from asr_core.bench.own import waveform
from asr_core.bench.quantization import VARIANTS, built
from asr_core.engines.decoding import never_text
from asr_core.errors import AsrError
from asr_core.model.growth import whisper_tokenizer
from asr_core.model.linear import fastest
from asr_core.model.precision import Placement
from asr_core.privacy import guard
from asr_core.search.joint import beam_search
from asr_core.search.types import SearchOptions
from asr_core.text.tokenizer import Tokenizer

_LONGEST = 25.0  # seconds; with the silence behind it, it must fit into what the encoder knows
_TOKENS_PER_SECOND = 12

Sound = tuple[NDArray[np.float32], str]  # (N,) and its language


def speed(
    placement: Placement, tokenizer: Tokenizer, sounds: Sequence[Sound], size: int, rounds: int
) -> float:
    """Seconds of sound a second, `size` at a time.

    Args:
        sounds: by length.
    """
    batches = [sounds[i : i + size] for i in range(0, len(sounds), size)]
    n_samples = sum(len(sound) for sound, _ in sounds)

    def all_of_them() -> None:
        for batch in batches:
            _recognize(placement, tokenizer, batch)

    return n_samples / SAMPLE_RATE / fastest(all_of_them, rounds)


@torch.inference_mode()
def _recognize(placement: Placement, tokenizer: Tokenizer, batch: Sequence[Sound]) -> None:
    model = placement.model
    tail = np.zeros(round(model.config.tail * SAMPLE_RATE), np.float32)
    heard = [log_mel(torch.from_numpy(np.concatenate([w, tail]))[None])[0] for w, _ in batch]
    lengths = torch.tensor([len(features) for features in heard])
    options = SearchOptions(
        tokenizer.eos_id,
        max_tokens=[round(_TOKENS_PER_SECOND * len(w) / SAMPLE_RATE) + 20 for w, _ in batch],
        length_penalty=1.0,
        suppressed=never_text(tokenizer, model.config.decoder.vocab_size),
    )
    with placement.autocast():
        states = placement.encode(torch.nn.utils.rnn.pad_sequence(heard, batch_first=True), lengths)
        prompts = torch.tensor([tokenizer.prompt(language) for _, language in batch])
        beam_search(model.decoder, model.decoder.hear(*states), prompts, options)


def _sound(recording: Recording) -> Sound:
    language = recording.language if recording.language in ("en", "zh") else "en"
    return waveform(recording.path), language


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line a form, a column a size."""
    parser = argparse.ArgumentParser(
        prog="python -m asr_core.bench.batches",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("manifest", type=Path, help="also language on every line")
    parser.add_argument("--forms", nargs="+", choices=VARIANTS, default=["int8", "int4, 32"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[1, 2, 4, 8, 16])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    try:
        found = map(_sound, read_recordings(options.manifest))
        sounds = [one for one in found if len(one[0]) <= _LONGEST * SAMPLE_RATE]
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    sounds.sort(key=lambda one: len(one[0]))
    print("| form | " + " | ".join(map(str, options.sizes)) + " |")
    print("|---" * (len(options.sizes) + 1) + "|")
    tokenizer = whisper_tokenizer()
    for name in options.forms:
        placement, _ = built(VARIANTS[name], {}, {})
        measure = partial(speed, placement, tokenizer, sounds, rounds=options.rounds)
        print(f"| {name} | " + " | ".join(f"{measure(size=n):.1f}" for n in options.sizes) + " |")
    return 0


if __name__ == "__main__":
    guard.stand()
    sys.exit(main())
