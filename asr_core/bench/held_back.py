"""What the benchmarks over held-back speakers share: their arguments, utterances, transcripts."""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.bench import own
from asr_core.engines import Engine
from asr_core.result import Transcript
from asr_core.text.score import SCORED, scored_tokens
from asr_core.text.tidy import tidied
from asr_core.training.corpus import Utterance, read_corpus, split_by_speaker
from asr_core.training.recipe import Recipe


def parser_of(module: str, description: str | None) -> argparse.ArgumentParser:
    """The arguments that all of them take."""
    parser = argparse.ArgumentParser(
        prog=f"python -m asr_core.bench.{module}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("manifests", type=Path, nargs="+")
    parser.add_argument("--cache", type=Path, required=True, help="folder for decoded sound")
    return parser


def held_back(manifests: Sequence[Path]) -> list[Utterance]:
    """The utterances of speakers that no training run hears.

    Raises:
        AsrError: a manifest cannot be used.
    """
    return split_by_speaker(read_corpus(manifests), Recipe().held_back)[1]


def transcript_of(engine: Engine, waveform: NDArray[np.float32], name: str) -> Transcript:
    """(N,) of 16 kHz, transcribed like any recording."""
    sound = io.BytesIO()
    sf.write(sound, waveform, SAMPLE_RATE, format="WAV")
    return tidied(own.transcript(sound.getvalue(), name, engine), SCORED)


def scored_words(transcript: Transcript) -> list[tuple[str, float, float, float]]:
    """What an error rate counts of a transcript: token, start, end, confidence of its word."""
    return [
        (token, word.start, word.end, word.confidence)
        for segment in transcript.segments
        for word in segment.words
        for token in scored_tokens(word.text)
    ]
