"""python -m asr_core.bench.confidence MANIFEST... : does a confidence of 0.8 mean 8 of 10 right?

Utterances of speakers that no training run hears are transcribed. Every second of them serves to
fit the calibration (isotonic regression), the others to measure it: expected calibration error over
ten bins, and a reliability diagram. `--fit` writes the calibration into the bundled
model's config.json. `--whole` measures on all utterances of the manifests, as of an evaluation set,
and says what a threshold of doubt would catch. Figures do not count: right ones may be spelled out.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asr_core.bench.held_back import held_back, parser_of, scored_words, transcript_of
from asr_core.engines import Engine, load_engine
from asr_core.engines.words import Calibration, calibrated
from asr_core.errors import AsrError
from asr_core.model import trained
from asr_core.result import DOUBTFUL, Transcript
from asr_core.settings import Settings
from asr_core.text.score import scored_tokens
from asr_core.training.corpus import SoundCache, Utterance, read_corpus
from asr_core.training.validate import chosen

_BINS = 10
_KNOTS = 12
_MOST = 100  # utterances a group
_SIZE, _MARGIN = 320, 44  # pixels

Judged = list[tuple[float, bool]]  # confidence of a word, and whether it is right


def judged(reference: str, transcript: Transcript) -> Judged:
    """Every word of a transcript: its confidence, and whether the reference has it there."""
    heard = [(token, confidence) for token, _, _, confidence in scored_words(transcript)]
    matcher = SequenceMatcher(None, scored_tokens(reference), [token for token, _ in heard], False)
    right = {b + i for _, b, n in matcher.get_matching_blocks() for i in range(n)}
    return [
        (confidence, i in right)
        for i, (token, confidence) in enumerate(heard)
        if not any(map(str.isdigit, token))
    ]


@dataclass(frozen=True, slots=True)
class Doubt:
    """What comes of doubting every word below a confidence."""

    threshold: float
    share: float  # of all words
    precision: float  # share of wrong words among those
    recall: float  # share of the wrong words that is among those

    @property
    def balance(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)


def doubts(words: Judged) -> list[Doubt]:
    """What every threshold from 0.05 to 0.95 would do."""
    n_wrong = sum(not right for _, right in words)
    found = []
    for threshold in (step / 20 for step in range(1, 20)):
        below = [right for confidence, right in words if confidence < threshold]
        n_caught = below.count(False)
        found.append(
            Doubt(
                threshold,
                len(below) / max(1, len(words)),
                n_caught / max(1, len(below)),
                n_caught / max(1, n_wrong),
            )
        )
    return found


def fitted(words: Judged) -> Calibration:
    """The calibration that fits these words best and never falls: a few points of it.

    Source: Zadrozny and Elkan 2002, Transforming Classifier Scores into Accurate Multiclass
    Probability Estimates, section 3.2.
    """
    found, right = np.array(sorted(words), np.float64).T
    levels = _never_falling(right)
    edges = np.unique(np.quantile(found, np.linspace(0, 1, _KNOTS + 1)))
    middles = np.unique(np.concatenate([[0.0], (edges[1:] + edges[:-1]) / 2, [1.0]]))
    return [
        (round(float(x), 4), round(float(y), 4))
        for x, y in zip(middles, np.interp(middles, found, levels), strict=True)
    ]


def _never_falling(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The series nearest to these values that never falls: neighbors that would are pooled."""
    means: list[float] = []
    sizes: list[int] = []
    for value in values.tolist():
        means.append(value)
        sizes.append(1)
        while len(means) > 1 and means[-2] >= means[-1]:
            mean, size = means.pop(), sizes.pop()
            means[-1] = (means[-1] * sizes[-1] + mean * size) / (sizes[-1] + size)
            sizes[-1] += size
    return np.repeat(means, sizes)


def bins(words: Judged) -> NDArray[np.float64]:
    """(10, 3) by confidence: words, their mean confidence, the share of them that is right."""
    found, right = np.array([c for c, _ in words]), np.array([float(r) for _, r in words])
    place = np.minimum((found * _BINS).astype(int), _BINS - 1)
    rows = []
    for i in range(_BINS):
        inside = place == i
        n = int(inside.sum())
        rows.append((n, found[inside].mean(), right[inside].mean()) if n else (0, 0.0, 0.0))
    return np.array(rows)


def calibration_error(words: Judged) -> float:
    """Expected calibration error, 0..1.

    Source: Guo et al. 2017, On Calibration of Modern Neural Networks, equation 3.
    """
    n, confidence, right = bins(words).T
    return float((n * np.abs(confidence - right)).sum() / max(1, n.sum()))


def diagram(curves: dict[str, Judged], picture: Path, threshold: float = DOUBTFUL) -> None:
    """Draw confidence against share of right words as SVG, the ideal as a diagonal, and doubt."""
    side = _SIZE - 2 * _MARGIN
    shapes = [
        f'<path d="M{_MARGIN} {_SIZE - _MARGIN}L{_SIZE - _MARGIN} {_MARGIN}" stroke="#999" '
        'stroke-dasharray="4 3"/>'
        f'<rect x="{_MARGIN}" y="{_MARGIN}" width="{side}" height="{side}" fill="none" '
        f'stroke="#999"/><text x="{_SIZE / 2}" y="{_SIZE - 12}" text-anchor="middle">confidence'
        f'</text><text x="14" y="{_SIZE / 2}" text-anchor="middle" transform="rotate(-90 14 '
        f'{_SIZE / 2})">share of right words</text>'
    ]
    left = _MARGIN + side * threshold
    shapes.append(
        f'<path d="M{left:.1f} {_MARGIN}V{_SIZE - _MARGIN}" stroke="#999"/>'
        f'<text x="{left - 5:.1f}" y="{_SIZE - _MARGIN - 8}" text-anchor="end">'
        f"doubtful below {threshold:g}</text>"
    )
    for i, (name, words) in enumerate(curves.items()):
        color = ("#d55e00", "#0072b2")[i % 2]
        shapes.append(f'<text x="{_MARGIN + 8}" y="{_MARGIN + 18 + 15 * i}" fill="{color}">')
        shapes.append(f"{name}: error {calibration_error(words):.3f}</text>")
        for n, confidence, right in bins(words):
            if n:
                x, y = _MARGIN + side * confidence, _SIZE - _MARGIN - side * right
                size = 2 + 6 * float(n / max(1, len(words))) ** 0.5
                shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="{color}"/>')
    picture.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_SIZE}" height="{_SIZE}" '
        'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(shapes)}</svg>\n",
        encoding="utf-8",
    )


def _words(engine: Engine, utterances: Sequence[Utterance], sounds: SoundCache) -> list[Judged]:
    """The judged words of every utterance."""
    return [
        judged(u.text, transcript_of(engine, sounds.waveform(u), f"{u.id}.wav")) for u in utterances
    ]


def main(arguments: list[str] | None = None) -> int:
    """Measure, draw, and fit if asked to."""
    parser = parser_of("confidence", __doc__)
    parser.add_argument("--plot", type=Path, help="SVG of the reliability diagram")
    parser.add_argument("--whole", action="store_true", help="all utterances, and thresholds")
    parser.add_argument("--fit", action="store_true", help="calibrate the bundled model anew")
    options = parser.parse_args(arguments)
    try:
        config = trained.load_config()
        if options.fit:  # from what the model says before any calibration
            config = replace(config, calibration=())
            trained.save_config(config, trained.FOLDER)
        if options.whole:
            sample = read_corpus(options.manifests)
        else:
            sample = chosen(held_back(options.manifests), _MOST)
        words = _words(load_engine(Settings()), sample, SoundCache(options.cache))
        fit, test = ([w for found in words[i::2] for w in found] for i in (0, 1))
        if options.whole and not options.fit:
            test = fit + test
        curves = {"as it is": test}
        if options.fit:
            calibration = tuple(fitted(fit))
            trained.save_config(replace(config, calibration=calibration), trained.FOLDER)
            curves["calibrated"] = [(calibrated(c, calibration), right) for c, right in test]
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    share = sum(right for _, right in test) / max(1, len(test))
    print(f"{len(test)} words, {100 * share:.1f} % of them right")
    for name, found in curves.items():
        print(f"{name}: expected calibration error {calibration_error(found):.3f}")
    for doubt in doubts(test) if options.whole else ():
        print(
            f"below {doubt.threshold:.2f}: {100 * doubt.share:4.1f} % of the words, "
            f"{100 * doubt.precision:4.1f} % of these wrong, {100 * doubt.recall:4.1f} % of the "
            f"wrong ones; balance {doubt.balance:.3f}"
        )
    if options.plot:
        diagram(curves, options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
