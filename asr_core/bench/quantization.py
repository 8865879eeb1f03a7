"""python -m asr_core.bench.quantization MANIFEST --output FOLDER: few bits beside many.

The bundled model in each form: error rates as asr_core.bench.report has them, bytes of the
weights as stored and in memory, seconds. Every recording is recognized in all forms in turn.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from asr_core.audio.decode import open_recording
from asr_core.bench.measure import Item, Recognition, Score, compare, read_manifest, write_texts
from asr_core.bench.report import cell, grouped, read_items
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


def factors_from(items: Sequence[Item]) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
    """What `chosen_factors` finds when the bundled model transcribes recordings in float32."""
    model = load_bundled()
    engine = engine_of(place(model, "cpu", "float32"))
    with observing(model) as observed:
        for item in items:
            _text(engine, item.path)
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


def _text(engine: Engine, path: Path) -> Recognition:
    with open_recording(path, path.name) as recording:
        found = transcribe(recording, engine, Settings())
    return Recognition(tidied(found, SCORED).text, found.stats["decoder_passes"])


def table(
    manifest: Path, folder: Path, found: dict[str, list[Score]], sizes: dict[str, Size]
) -> str:
    """Markdown, a line a form.

    Args:
        folder: holds their texts, NAME.jsonl.
        found: by name.

    Raises:
        AsrError: the manifest or a text cannot be used.
    """
    lines = [
        "| form | " + " | ".join(f"{language}, %" for language in _LANGUAGES) + " | "
        "weights stored, MB | in memory, MB | seconds | real-time factor |",
        "|---" * (len(_LANGUAGES) + 5) + "|",
    ]
    for name, scores in found.items():
        groups = grouped(read_items(manifest, folder / f"{name}.jsonl"))
        rates = [cell(groups.get(f"{language} all", [])).strip() for language in _LANGUAGES]
        seconds = sum(score.median for score in scores)
        share = seconds / sum(score.duration for score in scores)
        size = f"{sizes[name].stored / 1e6:.0f} | {sizes[name].in_memory / 1e6:.0f}"
        lines.append(f"| {name} | {' | '.join(rates)} | {size} | {seconds:.2f} | {share:.4f} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Recognize everything in every form; the texts and the table go to a folder."""
    parser = argparse.ArgumentParser(
        prog="python -m asr_core.bench.quantization",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("manifest", type=Path, help="also text and language on every line")
    parser.add_argument("--output", type=Path, required=True, help="folder for texts and table")
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
        items = read_manifest(options.manifest)
        factors = {}
        if options.calibration:
            factors, alphas = factors_from(read_manifest(options.calibration))
            for name, alpha in alphas.items():
                print(f"{name}: alpha {alpha}", file=sys.stderr)
        engines = {name: built(variant, factors) for name, variant in chosen.items()}
        recognizers = {name: partial(_text, engine) for name, (engine, _) in engines.items()}
        sizes = {name: size for name, (_, size) in engines.items()}
        found: dict[str, list[Score]] = {name: [] for name in recognizers}
        for scores in compare(recognizers, items, options.rounds):
            for name, score in scores.items():
                found[name].append(score)
        options.output.mkdir(parents=True, exist_ok=True)
        for name, scores in found.items():
            write_texts(options.output / f"{name}.jsonl", scores)
        made = table(options.manifest, options.output, found, sizes)
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    (options.output / "quantization.md").write_text(made + "\n", encoding="utf-8")
    print(made)
    return 0


if __name__ == "__main__":
    guard.stand()
    sys.exit(main())
