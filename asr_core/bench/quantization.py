"""python -m asr_core.bench.quantization MANIFEST --output FOLDER: few bits beside many.

The bundled model in each form: error rates as `sottovoce bench` has them, bytes of the weights as
stored and in memory, real-time factor. Every recording is recognized in all forms in turn, so that
a busy machine hits all of them. Forms that the folder has from an earlier run are not measured
again; seconds compare within a run only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from asr_core.bench import own
from asr_core.bench.accuracy import Scored, difference, grouped, rate, scored, shown
from asr_core.bench.grid import file_name
from asr_core.bench.manifest import Recording, read_recordings
from asr_core.engines import Engine
from asr_core.engines.conformer import engine_of
from asr_core.errors import AsrError
from asr_core.model import trained
from asr_core.model.growth import load_bundled
from asr_core.model.precision import Placement, place
from asr_core.privacy import guard
from asr_core.quantize.parts import Forms, Size, quantize, size_of
from asr_core.quantize.smoothquant import chosen_factors, observing, smooth
from asr_core.result import Transcript
from asr_core.saving import save_text
from asr_core.settings import FloatPrecision
from asr_core.text.repair import Repair
from asr_core.text.score import SCORED
from asr_core.text.tidy import tidied
from asr_core.text.vocabulary import Vocabulary, read_lines

_LANGUAGES = ("en", "zh", "mix")


FLOAT = Forms()


@dataclass(frozen=True, slots=True)
class Variant:
    """One line of the table.

    Attributes:
        precision: of what stays float.
        smoothed: by what the calibration recordings showed.
        distilled: preset whose packed folder has the weights; "": the bundled ones.
        base: name of the same form without distillation or temperature.
        temperature: of the decoder's probabilities.
    """

    forms: Forms = FLOAT
    precision: FloatPrecision = "auto"
    smoothed: bool = False
    distilled: str = ""
    base: str = ""
    temperature: float = 1.0


INT8 = Forms("int8", "int8", "int8")
INT4 = Forms("int4_weights", "int4_weights", "int4", 32)
VARIANTS = {
    "float32": Variant(precision="float32"),
    "bfloat16": Variant(precision="bfloat16"),
    "int8 weights": Variant(Forms("int8_weights", "int8_weights", "int8_weights")),
    "int8": Variant(INT8),
    "int8 smoothed": Variant(INT8, smoothed=True),
    "int8 distilled": Variant(INT8, distilled="qad-int8", base="int8 smoothed"),
    "int8 at 0.85": Variant(INT8, temperature=0.85, base="int8"),
    "int8 at 0.95": Variant(INT8, temperature=0.95, base="int8"),
    "int8 encoder": Variant(Forms(encoder="int8")),
    "int8 CTC": Variant(Forms(ctc="int8")),
    "int8 decoder": Variant(Forms(decoder="int8")),
    "int4, 32": Variant(INT4),
    "int4, 32 distilled": Variant(INT4, distilled="qad-int4", base="int4, 32"),
    "int4 encoder": Variant(Forms(encoder="int4_weights")),
    "int4 decoder": Variant(Forms(decoder="int4")),
    "int4, 32 at 0.85": Variant(INT4, temperature=0.85, base="int4, 32"),
    "int4, 32 at 0.95": Variant(INT4, temperature=0.95, base="int4, 32"),
    "int4, 64": Variant(replace(INT4, group=64)),
    "int4, 128": Variant(replace(INT4, group=128)),
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a recording in one form.

    Attributes:
        repaired: the text with the terms of a list put right.
        seconds: median of the rounds.
        duration: seconds of sound.
    """

    id: str
    text: str
    repaired: str
    seconds: float
    duration: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A form, as large as it is, and what became of every recording in it."""

    size: Size
    heard: Sequence[Heard]


def factors_from(
    recordings: Sequence[Recording],
) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
    """What `chosen_factors` finds when the bundled model transcribes recordings in float32."""
    model = load_bundled()
    engine = engine_of(place(model, "cpu", "float32"))
    with observing(model) as observed:
        for recording in recordings:
            own.transcript(recording.path, recording.id, engine)
    return chosen_factors(load_bundled(), observed)


def built(
    variant: Variant, factors: dict[str, torch.Tensor], folders: Mapping[str, Path]
) -> tuple[Placement, Size]:
    """The bundled model in a form, and how large that is.

    Args:
        folders: of distilled weights, by preset.
    """
    model = load_bundled(folders[variant.distilled] if variant.distilled else trained.FOLDER)
    if variant.smoothed:
        smooth(model, factors)
    with torch.inference_mode():
        quantize(model, variant.forms)
    placement = place(model, "cpu", variant.precision)
    return placement, size_of(model)


def compared(
    engines: Mapping[str, Engine],
    recordings: Sequence[Recording],
    n_rounds: int,
    vocabulary: Sequence[str] = (),
) -> dict[str, list[Heard]]:
    """Every recording by every engine, warm and in turn.

    Args:
        vocabulary: listed terms that are put right in `Heard.repaired`; the searches are not told.
    """
    found: dict[str, list[Heard]] = {name: [] for name in engines}
    repair = Repair(Vocabulary.parse(vocabulary))
    for engine in engines.values():
        shortest = min(recordings, key=lambda recording: recording.n_bytes)
        own.transcript(shortest.path, shortest.id, engine)
    for recording in recordings:
        transcripts: dict[str, Transcript] = {}
        seconds: dict[str, list[float]] = {name: [] for name in engines}
        for _ in range(n_rounds):
            for name, engine in engines.items():
                began = perf_counter()
                transcripts[name] = own.transcript(recording.path, recording.id, engine)
                seconds[name].append(perf_counter() - began)
        for name, heard in transcripts.items():
            repaired = replace(heard, segments=tuple(map(repair, heard.segments)))
            found[name].append(
                Heard(
                    recording.id,
                    tidied(heard, SCORED).text,
                    tidied(repaired, SCORED).text,
                    statistics.median(seconds[name]),
                    heard.duration,
                )
            )
    return found


def table(found: Mapping[str, Measured], recordings: Sequence[Recording]) -> str:
    """Markdown, a line a form; by name. Changes are in points, of all tokens together."""
    columns = [*(f"{language}, %" for language in _LANGUAGES)]
    columns += ["to the first", "to its base", "stored, MB", "in memory, MB", "RTF"]
    lines = [f"| form | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    items = {name: _scored(form.heard, recordings) for name, form in found.items()}
    for name, form in found.items():
        first, base = next(iter(items)), VARIANTS[name].base
        groups = grouped(items[name])
        cells = [shown(groups.get(language, [])) for language in _LANGUAGES]
        cells.append("" if name == first else _change(items[name], items[first]))
        cells.append(_change(items[name], items[base]) if base in items else "")
        cells += [f"{form.size.stored / 1e6:.0f}", f"{form.size.in_memory / 1e6:.0f}"]
        seconds, duration = (
            sum(getattr(one, part) for one in form.heard) for part in ("seconds", "duration")
        )
        lines.append(f"| {name} | {' | '.join(cells)} | {seconds / duration:.3f} |")
    return "\n".join(lines)


def repairs(found: Mapping[str, Measured], recordings: Sequence[Recording]) -> str:
    """Markdown, a line a form: error rates before and after listed terms were put right."""
    lines = ["| form | as heard, % | repaired, % | change, points |", "|---" * 4 + "|"]
    for name, form in found.items():
        plain = _scored(form.heard, recordings)
        mended = _scored([replace(one, text=one.repaired) for one in form.heard], recordings)
        rates = f"{shown(plain)} | {shown(mended)}"
        lines.append(f"| {name} | {rates} | {_change(mended, plain)} |")
    return "\n".join(lines)


def _scored(heard: Sequence[Heard], recordings: Sequence[Recording]) -> list[Scored]:
    texts = {one.id: one.text for one in heard}
    return [scored(recording, texts[recording.id]) for recording in recordings]


def _change(items: Sequence[Scored], base: Sequence[Scored]) -> str:
    """In points, with its interval on the same samples."""
    found = difference(items, base)
    if found is None:
        return f"{100 * (rate(items) - rate(base)):+.2f}"
    return f"{100 * found.rate:+.2f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}]"


def _kept(path: Path, recordings: Sequence[Recording]) -> Measured | None:
    """What an earlier run wrote of a form, if it is of these recordings."""
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found = Measured(Size(**data["size"]), [Heard(**one) for one in data["heard"]])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if [one.id for one in found.heard] == [r.id for r in recordings] else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Recognize everything in every form; the texts and the table go to a folder."""
    options = _parser().parse_args(arguments)
    named = {"qad-int8": options.distilled_int8, "qad-int4": options.distilled_int4}
    folders = {preset: path for preset, path in named.items() if path is not None}
    chosen = {
        name: variant
        for name, variant in VARIANTS.items()
        if (name in options.forms if options.forms else variant.temperature == 1)
        and (options.calibration or not variant.smoothed)
        and (not variant.distilled or variant.distilled in folders)
    }
    torch.set_num_threads(options.threads)
    try:
        recordings = read_recordings(options.manifest)
        vocabulary = read_lines(options.vocabulary) if options.vocabulary else ()
        options.output.mkdir(parents=True, exist_ok=True)
        paths = {name: options.output / f"{file_name(name)}.json" for name in VARIANTS}
        missing = [name for name in chosen if _kept(paths[name], recordings) is None]
        factors = {}
        if any(chosen[name].smoothed for name in missing):
            factors, alphas = factors_from(read_recordings(options.calibration))
            for name, alpha in alphas.items():
                print(f"{name}: alpha {alpha}", file=sys.stderr)
        made = {name: built(chosen[name], factors, folders) for name in missing}
        engines = {
            name: engine_of(placement, temperature=chosen[name].temperature)
            for name, (placement, _) in made.items()
        }
        if engines:
            for name, heard in compared(engines, recordings, options.rounds, vocabulary).items():
                rows = {"size": asdict(made[name][1]), "heard": [asdict(one) for one in heard]}
                save_text(paths[name], json.dumps(rows, ensure_ascii=False, indent=0))
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    kept = {name: _kept(path, recordings) for name, path in paths.items()}
    found = {name: form for name, form in kept.items() if form is not None}
    written = table(found, recordings)
    if vocabulary:
        written += "\n\n" + repairs(found, recordings)
    save_text(options.output / "quantization.md", written + "\n")
    print(written)
    return 0


def _parser() -> argparse.ArgumentParser:
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
    for form in ("int8", "int4"):
        parser.add_argument(
            f"--distilled-{form}",
            type=Path,
            metavar="FOLDER",
            help=f"what `sottovoce train --preset qad-{form} --pack` wrote",
        )
    parser.add_argument(
        "--vocabulary", type=Path, help="names and terms that are put right in what was heard"
    )
    parser.add_argument(
        "--forms", nargs="+", choices=VARIANTS, help="if not given all but temperatures"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    return parser


if __name__ == "__main__":
    guard.stand()
    sys.exit(main())
