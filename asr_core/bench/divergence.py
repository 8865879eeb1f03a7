"""python -m asr_core.bench.divergence MANIFEST: how far few bits move what the decoder expects.

Finer than an error rate: the divergence (nats a token) of a form's distribution of the next token
from that of float32, each of what it hears itself, along the true text; and how often both have the
same likeliest token. Of recordings of one passage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.features import log_mel
from asr_core.bench import own
from asr_core.bench.manifest import Recording, read_recordings
from asr_core.bench.quantization import VARIANTS, built, factors_from
from asr_core.errors import AsrError
from asr_core.model.growth import unit_table, whisper_tokenizer
from asr_core.model.precision import Placement
from asr_core.privacy import guard
from asr_core.training.losses import IGNORED, fed_and_wanted
from asr_core.training.targets import Target, WhisperWriter, spoken_mostly

_LONGEST = 25.0  # seconds; with the silence behind it, it must fit into what the encoder knows
_SAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Moved:
    """Of every recording: the sum over its tokens, and their number.

    Attributes:
        divergence: nats.
        same: tokens whose likeliest candidate is float32's.
    """

    divergence: NDArray[np.float64]
    same: NDArray[np.float64]
    n_tokens: NDArray[np.float64]


@torch.inference_mode()
def expected(placement: Placement, waveform: NDArray[np.float32], target: Target) -> Tensor:
    """(n, V) log probabilities of every token of the text."""
    tail = np.zeros(round(placement.model.config.tail * SAMPLE_RATE), np.float32)
    features = log_mel(torch.from_numpy(np.concatenate([waveform, tail]))[None])
    fed, wanted = fed_and_wanted([target])
    with placement.autocast():
        heard = placement.encode(features, torch.tensor([features.shape[1]]))
        decoder = placement.model.decoder
        return decoder.score_places(fed, wanted != IGNORED, decoder.start(*heard))


def moved(exact: Sequence[Tensor], found: Sequence[Tensor]) -> Moved:
    """How far log probabilities (n, V) are from the exact ones, recording by recording."""
    pairs = [*zip(exact, found, strict=True)]
    return Moved(
        np.array([float((a.exp() * (a - b)).sum()) for a, b in pairs]),
        np.array([float((a.argmax(-1) == b.argmax(-1)).sum()) for a, b in pairs]),
        np.array([float(len(a)) for a, _ in pairs]),
    )


def interval(
    values: NDArray[np.float64], n_tokens: NDArray[np.float64]
) -> tuple[float, float, float]:
    """The mean a token, and 95 % of a bootstrap over recordings.

    Source: Bisani and Ney 2004; the difference of two forms is that of values on the same samples.
    """
    drawn = np.random.default_rng(0).integers(len(values), size=(_SAMPLES, len(values)))
    means = values[drawn].sum(1) / n_tokens[drawn].sum(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(values.sum() / n_tokens.sum()), float(low), float(high)


def table(found: Mapping[str, Moved]) -> str:
    """Markdown, a line a form."""
    lines = ["| form | divergence, nats | less its base | same token, % |", "|---" * 4 + "|"]
    for name, form in found.items():
        base = found.get(VARIANTS[name].base)
        less = "" if base is None else _shown(form.divergence - base.divergence, form, "+")
        same = 100 * form.same.sum() / form.n_tokens.sum()
        lines.append(f"| {name} | {_shown(form.divergence, form)} | {less} | {same:.2f} |")
    return "\n".join(lines)


def _shown(values: NDArray[np.float64], form: Moved, sign: str = "") -> str:
    mean, low, high = interval(values, form.n_tokens)
    return f"{mean:{sign}.4f} [{low:{sign}.4f}, {high:{sign}.4f}]"


def _heard(recording: Recording, writer: WhisperWriter) -> tuple[NDArray[np.float32], Target]:
    is_pure = recording.language in ("en", "zh")
    language = recording.language if is_pure else spoken_mostly(recording.text)
    return own.waveform(recording.path), writer.target(recording.text, language)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line a form."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    named = {"qad-int8": options.distilled_int8, "qad-int4": options.distilled_int4}
    folders = {preset: path for preset, path in named.items() if path is not None}
    try:
        writer = WhisperWriter(whisper_tokenizer(), unit_table())
        items = [_heard(recording, writer) for recording in read_recordings(options.manifest)]
        items = [item for item in items if len(item[0]) <= _LONGEST * SAMPLE_RATE]
        chosen = {name: VARIANTS[name] for name in options.forms}
        factors = {}
        if any(variant.smoothed for variant in chosen.values()):
            factors, _ = factors_from(read_recordings(options.calibration))
        placement, _ = built(VARIANTS["float32"], {}, {})
        exact = [expected(placement, *item) for item in items]
        found = {}
        for name, variant in chosen.items():
            placement, _ = built(variant, factors, folders)
            found[name] = moved(exact, [expected(placement, *item) for item in items])
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(table(found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m asr_core.bench.divergence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("manifest", type=Path, help="also text and language on every line")
    parser.add_argument("--calibration", type=Path, help="as for the forms' error rates")
    for form in ("int8", "int4"):
        parser.add_argument(f"--distilled-{form}", type=Path, metavar="FOLDER")
    parser.add_argument("--forms", nargs="+", choices=VARIANTS, default=["int8", "int4, 32"])
    parser.add_argument("--threads", type=int, default=2)
    return parser


if __name__ == "__main__":
    guard.stand()
    sys.exit(main())
