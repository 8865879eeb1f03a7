"""The figures as pages: report.md with pictures beside it, and report.html, one file alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from asr_core.bench.accuracy import FEWEST, percent
from asr_core.bench.results import NORMALIZATION, metric
from asr_core.export.markdown import escaped
from asr_core.saving import save_text
from asr_core.training.plot import Curve, chart, drawing

_WORST = 10
_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#222;"
    "background:#fff}table{border-collapse:collapse;display:block;overflow-x:auto}"
    "td,th{border:1px solid #ccc;padding:.2em .6em;text-align:left;vertical-align:top}"
    "svg{max-width:100%;height:auto}"
)


@dataclass(frozen=True, slots=True)
class Title:
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Picture:
    name: str  # of the file
    title: str
    svg: str


Block = Title | Paragraph | Table | Picture


def write(results: Mapping[str, Any], folder: Path) -> None:
    """report.md, its pictures and report.html.

    Raises:
        AsrError: one of them cannot be written.
    """
    blocks = [*_blocks(results)]
    for block in blocks:
        if isinstance(block, Picture):
            save_text(folder / block.name, block.svg)
    save_text(folder / "report.md", "\n\n".join(map(_markdown, blocks)) + "\n")
    save_text(folder / "report.html", _page(blocks))


def _blocks(results: Mapping[str, Any]) -> Iterator[Block]:
    rows = [row for row in results["rows"] if "error" not in row]
    failed = [row for row in results["rows"] if "error" in row]
    plan = results["plan"]
    yield Title("Benchmark of speech recognition")
    yield Paragraph(
        f"{results['n_recordings']} recordings; timed runs of each: {plan['runs']}, the median "
        f"counts; threads: {plan['threads']}; made on {results['made']} by: {results['command']}"
    )
    yield Table(["machine", ""], [[name, text] for name, text in results["machine"].items()])
    for row in failed:
        yield Paragraph(f"{row['name']} was not measured: {row['error']}")
    yield Title("Accuracy")
    yield Paragraph(
        f"{NORMALIZATION} Error rates in %, in brackets 95 % of a bootstrap over recordings."
    )
    yield from _accuracy(rows)
    yield Title("Speed")
    yield Paragraph(
        "Models were loaded and warmed up on the shortest recording first. Time counts from the "
        "decoded sound in memory to its whole text; that of a command from its start on, with its "
        "own loading and decoding. Memory is the most the process held at once, with the sound of "
        "one recording; decoding is a process of its own and does not count. Between tokens is the "
        "median time from one to the next, of models that write token by token; an hour, if "
        "asked for, is of recordings one behind the other, recognized in one go."
    )
    yield from _speed(rows)
    yield from _language(rows)
    yield Title("The worst recordings")
    yield Paragraph(f"Those of {rows[0]['name']}, beside what the others made of them.")
    yield _worst(rows)


def _languages(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Groups that are a whole language, and last all of them."""
    return [name for name in rows[0]["accuracy"] if " " not in name]


def _titled(group: str) -> str:
    return f"{group} {metric(group.split()[0])}"


def _accuracy(rows: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    groups = _languages(rows)
    yield Table(
        ["", *map(_titled, groups)],
        [[row["name"], *(_rate(row["accuracy"][group]) for group in groups)] for row in rows],
    )
    if len(rows) > 1:
        yield Paragraph(
            f"Less {rows[0]['name']}, on the same bootstrap samples; * is more than chance "
            f"explains (the interval leaves zero out; never of fewer than {FEWEST} recordings, of "
            "which it is too narrow), p is two-sided and not corrected for the number of "
            "comparisons."
        )
        yield Table(
            ["", *map(_titled, groups)],
            [
                [row["name"], *(_change(row["accuracy"][group]) for group in groups)]
                for row in rows[1:]
            ],
        )
    yield Paragraph("Errors, and the error rate of single recordings.")
    yield Table(
        ["", "tokens", "substituted", "deleted", "inserted", "min", "median", "max"],
        [
            [
                f"{row['name']}, {_titled(group)}",
                *(str(figures[n]) for n in ("tokens", "substitutions", "deletions", "insertions")),
                *(f"{100 * figures[name]:.1f}" for name in ("min", "median", "max")),
            ]
            for row in rows
            for group in groups
            for figures in [row["accuracy"][group]]
        ],
    )
    kinds = [name for name in rows[0]["accuracy"] if " " in name]
    yield Paragraph("By category.")
    yield Table(
        ["", "recordings", "tokens", *(row["name"] for row in rows)],
        [
            [
                _titled(kind),
                str(rows[0]["accuracy"][kind]["n"]),
                str(rows[0]["accuracy"][kind]["tokens"]),
                *(_rate(row["accuracy"][kind]) for row in rows),
            ]
            for kind in kinds
        ],
    )
    yield _picture(
        "errors.svg",
        "share of recordings (%) with at most this error rate (%)",
        {row["name"]: _distribution(row) for row in rows},
    )


def _rate(figures: Mapping[str, Any]) -> str:
    return percent(figures["rate"], figures["interval"])


def _change(figures: Mapping[str, Any]) -> str:
    change = figures["difference"]
    if change is None:
        return ""
    low, high = 100 * change["low"], 100 * change["high"]
    star = " *" if change["is_sure"] else ""
    return f"{100 * change['rate']:+.2f} [{low:+.1f}, {high:+.1f}], p {change['p']:.3f}{star}"


def _distribution(row: Mapping[str, Any]) -> Curve:
    """How many recordings have at most this error rate; what is above 100 % counts as that."""
    rates = sorted(min(1.0, utterance["rate"]) for utterance in row["utterances"])
    return [(100 * rate, 100 * n / len(rates)) for n, rate in enumerate(rates, start=1)]


def _speed(rows: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    header = [
        *("", "load, s", "first text, s", "between tokens, ms", "real-time factor"),
        *("an hour, s", "peak memory, MB", "GPU, MB", "computed in", "decoder passes"),
    ]
    found = []
    for row in rows:
        speed = row["speed"]
        found.append(
            [
                row["name"],
                _figure(speed["load_s"], "{:.1f}"),
                _figure(speed["first_s"], "{:.2f}"),
                _figure(speed.get("inter_token_s"), "{:.1f}", 1e3),
                _figure(speed["real_time_factor"], "{:.4f}"),
                _figure(speed["hour_s"], "{:.0f}"),
                _figure(speed["peak_bytes"], "{:.0f}", 1e-6),
                _figure(speed["gpu_bytes"], "{:.0f}", 1e-6),
                speed.get("precision") or "",
                str(speed.get("decoder_passes") or ""),
            ]
        )
    yield Table(header, found)
    points = {
        row["name"]: [(row["speed"]["real_time_factor"], 100 * row["accuracy"]["all"]["rate"])]
        for row in rows
        if row["speed"]["real_time_factor"]
    }
    if points:
        title = "error rate of all (%) against the real-time factor"
        yield _picture("speed.svg", title, points, dots=True)
    levels = {row["name"]: row["throughput"] for row in rows}
    if any(len(found) > 1 for found in levels.values()):
        yield Paragraph(
            "Throughput: seconds of sound a second, by recordings side by side. Each stream is a "
            "process with the model of its own; they share the threads, and their memory is added."
        )
        yield Table(
            ["", "streams", "seconds of sound a second", "memory, MB"],
            [
                [
                    name,
                    str(level["n"]),
                    level.get("error") or _figure(level["speed"], "{:.1f}"),
                    _figure(level.get("peak_bytes"), "{:.0f}", 1e-6),
                ]
                for name, found in levels.items()
                for level in found
            ],
        )
        curves = {
            name: [(float(level["n"]), level["speed"]) for level in found if level["speed"]]
            for name, found in levels.items()
        }
        yield _picture(
            "throughput.svg", "seconds of sound a second, by streams side by side", curves, True
        )


def _figure(value: float | None, form: str, scale: float = 1.0) -> str:
    return "" if value is None else form.format(value * scale)


def _language(rows: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    heard = {row["name"]: row["language"] for row in rows if row["language"]}
    names = [*dict.fromkeys(name for found in heard.values() for name in found)]
    if not heard:
        return
    yield Title("Language")
    yield Paragraph(
        "How many recordings were heard in their language, from the seconds after speech begins; "
        "Chinese and English, and of whole recordings mixed ones, too. Whisper cannot say mixed."
    )
    yield Table(
        ["", *(name if name == "full" else f"{name} s" for name in names)],
        [
            [
                name,
                *(
                    f"{100 * found[part]['right'] / found[part]['n']:.1f} % of {found[part]['n']}"
                    if part in found
                    else ""
                    for part in names
                ),
            ]
            for name, found in heard.items()
        ],
    )


def _worst(rows: Sequence[Mapping[str, Any]]) -> Table:
    order = sorted(
        range(len(rows[0]["utterances"])), key=lambda i: -rows[0]["utterances"][i]["rate"]
    )
    lines = []
    for i in order[:_WORST]:
        first = rows[0]["utterances"][i]
        if not first["rate"]:
            break
        lines.append([first["id"], "said", "", first["said"]])
        for row in rows:
            own = row["utterances"][i]
            n_errors = own["substitutions"] + own["deletions"] + own["insertions"]
            lines.append(["", row["name"], f"{n_errors} of {own['tokens']}", own["heard"]])
    return Table(["recording", "", "errors", "text"], lines)


def _picture(name: str, title: str, curves: dict[str, Curve], dots: bool = False) -> Picture:
    return Picture(name, title, drawing([chart(title, curves, dots=dots)]))


def _markdown(block: Block) -> str:
    if isinstance(block, Title):
        return f"## {escaped(block.text)}"
    if isinstance(block, Paragraph):
        return escaped(block.text)
    if isinstance(block, Picture):
        return f"![{escaped(block.title)}]({block.name})"
    lines = [block.header, ["---"] * len(block.header), *block.rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return text if text == "---" else escaped(" ".join(text.split()))


def _page(blocks: Sequence[Block]) -> str:
    """A page that needs nothing else and lets nothing else in."""
    body = "\n".join(map(_html, blocks))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width">'
        f"<title>Benchmark</title><style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _html(block: Block) -> str:
    if isinstance(block, Title):
        return f"<h2>{escape(block.text)}</h2>"
    if isinstance(block, Paragraph):
        return f"<p>{escape(block.text)}</p>"
    if isinstance(block, Picture):  # within a page it needs no name of its language
        return block.svg.replace(' xmlns="http://www.w3.org/2000/svg"', "").replace(
            "<svg", f'<svg role="img" aria-label="{escape(block.title)}"', 1
        )
    head = "".join(f"<th>{escape(text)}</th>" for text in block.header)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>\n" for row in block.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"
