"""python -m asr_core.bench.quantization MANIFEST --output FOLDER: few bits beside many.

The bundled model in each form: error rates as `sottovoce bench` has them, bytes of the weights as
stored and in memory, seconds. Every recording is recognized in all forms in turn, so that a busy
machine hits all of them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import torch

from asr_core.audio.decode import open_recording
from asr_core.bench.accuracy import Scored, grouped, interval, rate, scored
from asr_core.bench.manifest import Recording, read_recordings
from asr_core.engines import Engine
from asr_core.engines.conformer import engine_of
from asr_core.errors import AsrError
from asr_core.model.growth import load_bundled
from asr_core.model.precision import place
from asr_core.privacy import guard
from asr_core.quantize.parts import Forms, Size, quantize, size_of
from asr_core.quantize.smoothquant import chosen_factors, observing, smooth
from asr_core.settings import FloatPrecision, Settings
from asr_core.text.score import SCORED
from asr_core.text.tidy import tidied
from asr_core.transcribe import transcribe

_LANGUAGES = ("en", "zh", "mix")


FLOAT = Forms()


@dataclass(frozen=True, slots=True)
class Variant:
    """One line of the table.

    Attributes:
        precision: of what stays float.
        smoothed: by what the calibration recordings showed.
    """

    forms: Forms = FLOAT
    precision: FloatPrecision = "auto"
    smoothed: bool = False


INT8 = Forms("int8", "int8", "int8")
VARIANTS = {
    "float32": Variant(precision="float32"),
    "bfloat16": Variant(precision="bfloat16"),
    "int8 weights": Variant(Forms("int8_weights", "int8_weights", "int8_weights")),
    "int8": Variant(INT8),
    "int8 smoothed": Variant(INT8, smoothed=True),
    "int8 encoder": Variant(Forms(encoder="int8")),
    "int8 CTC": Variant(Forms(ctc="int8")),
    "int8 decoder": Variant(Forms(decoder="int8")),
    "int4, 32": Variant(Forms("int4", "int4", "int4", 32)),
    "int4, 64": Variant(Forms("int4", "int4", "int4", 64)),
    "int4, 128": Variant(Forms("int4", "int4", "int4", 128)),
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a recording in one form."""

    scored: Scored
    seconds: float  # median of the rounds


def factors_from(
    recordings: Sequence[Recording],
) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
    """What `chosen_factors` finds when the bundled model transcribes recordings in float32."""
    model = load_bundled()
    engine = engine_of(place(model, "cpu", "float32"))
    with observing(model) as observed:
        for recording in recordings:
            _text(engine, recording.path)
    return chosen_factors(load_bundled(), observed)


def built(variant: Variant, factors: dict[str, torch.Tensor]) -> tuple[Engine, Size]:
    """The bundled engine in a form, and how large that is."""
    model = load_bundled()
    if variant.smoothed:
        smooth(model, factors)
    with torch.inference_mode():
        quantize(model, variant.forms)
    engine = engine_of(place(model, "cpu", variant.precision))
    return engine, size_of(model)


def compared(
    engines: Mapping[str, Engine], recordings: Sequence[Recording], n_rounds: int
) -> dict[str, list[Heard]]:
    """Every recording by every engine, warm and in turn."""
    found: dict[str, list[Heard]] = {name: [] for name in engines}
    for engine in engines.values():
        _text(engine, min(recordings, key=lambda recording: recording.n_bytes).path)
    for recording in recordings:
        texts: dict[str, str] = {}
        seconds: dict[str, list[float]] = {name: [] for name in engines}
        for _ in range(n_rounds):
            for name, engine in engines.items():
                began = perf_counter()
                texts[name] = _text(engine, recording.path)
                seconds[name].append(perf_counter() - began)
        for name, text in texts.items():
            found[name].append(Heard(scored(recording, text), statistics.median(seconds[name])))
    return found


def _text(engine: Engine, path: Path) -> str:
    with open_recording(path, path.name) as recording:
        return tidied(transcribe(recording, engine, Settings()), SCORED).text


def table(found: Mapping[str, Sequence[Heard]], sizes: Mapping[str, Size]) -> str:
    """Markdown, a line a form; both by name."""
    lines = [
        "| form | " + " | ".join(f"{language}, %" for language in _LANGUAGES) + " | "
        "weights stored, MB | in memory, MB | seconds |",
        "|---" * (len(_LANGUAGES) + 4) + "|",
    ]
    for name, heard in found.items():
        groups = grouped(one.scored for one in heard)
        rates = " | ".join(_rate(groups.get(language, [])) for language in _LANGUAGES)
        size = f"{sizes[name].stored / 1e6:.0f} | {sizes[name].in_memory / 1e6:.0f}"
        lines.append(f"| {name} | {rates} | {size} | {sum(one.seconds for one in heard):.2f} |")
    return "\n".join(lines)


def _rate(items: Sequence[Scored]) -> str:
    """In percent, with its interval where there is one."""
    if not items:
        return ""
    around = interval(items)
    shown = f"{100 * rate(items):.2f}"
    return shown if around is None else f"{shown} [{100 * around[0]:.1f}, {100 * around[1]:.1f}]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Recognize everything in every form; the texts and the table go to a folder."""
    parser = argparse.ArgumentParser(
        prog="python -m asr_core.bench.quantization",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("manifest", type=Path, help="also text and language on every line")
    parser.add_argument("--output", type=Path, required=True, help="folder for the table")
    parser.add_argument(
        "--calibration", type=Path, help="manifest of other recordings, to smooth with"
    )
    parser.add_argument("--forms", nargs="+", choices=VARIANTS, help="all if not given")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    chosen = {
        name: variant
        for name, variant in VARIANTS.items()
        if name in (options.forms or VARIANTS) and (options.calibration or not variant.smoothed)
    }
    torch.set_num_threads(options.threads)
    try:
        recordings = read_recordings(options.manifest)
        factors = {}
        if options.calibration:
            factors, alphas = factors_from(read_recordings(options.calibration))
            for name, alpha in alphas.items():
                print(f"{name}: alpha {alpha}", file=sys.stderr)
        made = {name: built(variant, factors) for name, variant in chosen.items()}
        sizes = {name: size for name, (_, size) in made.items()}
        engines = {name: engine for name, (engine, _) in made.items()}
        written = table(compared(engines, recordings, options.rounds), sizes)
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "quantization.md").write_text(written + "\n", encoding="utf-8")
    print(written)
    return 0


if __name__ == "__main__":
    guard.stand()
    sys.exit(main())
