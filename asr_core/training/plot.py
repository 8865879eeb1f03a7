"""The log of a run as a picture: losses above, error rates on validation below."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path

_WIDTH, _HEIGHT, _MARGIN = 900, 280, 56
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#666666", "#000000")
_SMOOTH = 20  # steps a point of a loss curve is the mean of

Curve = list[tuple[float, float]]


def plot(log: Path, picture: Path) -> None:
    """Draw a run's log as SVG."""
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    losses = {
        name: _smoothed([(row["hours"], row[name]) for row in rows if row.get(name)])
        for name in ("ctc", "attention", "language", "divergence", "labels")
        if any(name in row for row in rows)
    }
    rates: dict[str, Curve] = defaultdict(list)
    for row in rows:
        for branch, groups in row.get("validation", {}).items():
            for group, rate in groups.items():
                rates[f"{branch} {group}"].append((row["hours"], 100 * min(rate, 1.0)))
    charts = [chart("loss", losses, " h"), chart("error rate on validation, %", rates, " h")]
    picture.write_text(drawing(charts), encoding="utf-8")


def drawing(charts: Sequence[str]) -> str:
    """Charts one below the other, as an SVG file."""
    body = "".join(
        f'<g transform="translate(0,{i * _HEIGHT})">{chart}</g>' for i, chart in enumerate(charts)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" '
        f'height="{len(charts) * _HEIGHT}" font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="#fff"/>{body}</svg>\n'
    )


def _smoothed(curve: Curve) -> Curve:
    groups = [curve[i : i + _SMOOTH] for i in range(0, len(curve), _SMOOTH)]
    return [(group[-1][0], sum(y for _, y in group) / len(group)) for group in groups]


def chart(title: str, curves: Mapping[str, Curve], unit: str = "", dots: bool = False) -> str:
    """One frame with its curves, their names at its right side.

    Args:
        unit: behind the figures of the axis below.
        dots: whether every point of a curve is marked.
    """
    points = [point for curve in curves.values() for point in curve]
    last = max((x for x, _ in points), default=1.0) or 1.0
    top = max((y for _, y in points), default=1.0) or 1.0
    right, bottom = _WIDTH - 200, _HEIGHT - _MARGIN + 16

    def at(x: float, y: float) -> tuple[float, float]:
        width, height = right - _MARGIN, bottom - 28
        return _MARGIN + width * x / last, bottom - height * y / top

    found = [f'<text x="{_MARGIN}" y="18" font-weight="bold">{escape(title)}</text>']
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        _, y = at(0, share * top)
        found.append(f'<path d="M{_MARGIN} {y:.1f}H{right}" stroke="#ddd"/>')
        found.append(f'<text x="{_MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">')
        found.append(f"{share * top:.3g}</text>")
        x, _ = at(share * last, 0)
        found.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">')
        found.append(f"{share * last:.3g}{unit}</text>")
    for i, (name, curve) in enumerate(curves.items()):
        color, dash = _COLORS[i % len(_COLORS)], "" if i < len(_COLORS) else "4 3"
        path = _path([at(x, y) for x, y in curve])
        found.append(
            f'<path d="{path}" fill="none" stroke="{color}" stroke-dasharray="{dash}" '
            f'stroke-width="1.6"/><text x="{right + 12}" y="{36 + 15 * i}" fill="{color}">'
            f"{escape(name)}</text>"
        )
        for x, y in (at(*point) for point in curve) if dots else ():
            found.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color}"/>')
    return "".join(found)


def _path(points: Sequence[tuple[float, float]]) -> str:
    if not points:
        return ""
    start, *_ = points
    return f"M{start[0]:.1f} {start[1]:.1f}" + "".join(_lines(points))


def _lines(points: Iterable[tuple[float, float]]) -> Iterable[str]:
    for _, (x, y) in pairwise(points):
        yield f"L{x:.1f} {y:.1f}"
