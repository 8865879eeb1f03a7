"""What the cells measured, as figures: the content of results.json."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from asr_core.bench.accuracy import Scored, difference, grouped, interval, rate, scored
from asr_core.bench.grid import PREFIXES_S, Row
from asr_core.bench.manifest import Recording

NORMALIZATION = (
    "Texts are compared in NFKC, lower case and simplified characters, without punctuation, "
    "apostrophes within words kept. Figures are spelled out first: in English texts in English, in "
    "Chinese ones in Chinese, in mixed ones in the language that fits better. Words count in "
    "English (WER), characters in Chinese (CER), both in mixed text (MER)."
)
_LABELS = {"mix": "mixed"}


def summary(
    rows: Sequence[Row], cells: Mapping[str, dict[str, Any]], recordings: Sequence[Recording]
) -> list[dict[str, Any]]:
    """The figures of every row; the first one measured is what the others are compared with.

    Args:
        cells: by the names of rows: what was measured, or {"error"}.
    """
    durations = _durations(cells, recordings)
    found = []
    base: dict[str, list[Scored]] | None = None
    for row in rows:
        cell = cells[row.name]
        about = {"name": row.name, "kind": row.kind, "command": row.template}
        if "error" in cell:
            found.append({**about, "error": cell["error"]})
            continue
        heard = {utterance["id"]: utterance for utterance in cell["utterances"]}
        items = [scored(recording, heard[recording.id]["text"]) for recording in recordings]
        groups = grouped(items)
        found.append(
            {
                **about,
                "settings": None if row.settings is None else asdict(row.settings),
                "accuracy": {
                    name: _accuracy(members, None if base is None else base[name])
                    for name, members in groups.items()
                },
                "speed": _speed(cell, durations),
                "throughput": _throughput(cell, durations),
                "language": _language(cell["utterances"], recordings),
                "utterances": [
                    {
                        **_counts([item]),
                        "id": item.id,
                        "language": item.language,
                        "category": item.category,
                        "said": recording.text,
                        "heard": heard[item.id]["text"],
                        "seconds": heard[item.id]["seconds"],
                    }
                    for item, recording in zip(items, recordings, strict=True)
                ],
            }
        )
        base = base or groups
    return found


def metric(language: str) -> str:
    """What the error rate of a language is called."""
    return {"en": "WER", "zh": "CER"}.get(language, "MER")


def _counts(items: Sequence[Scored]) -> dict[str, Any]:
    return {
        "tokens": sum(len(item.reference) for item in items),
        "substitutions": sum(item.substitutions for item in items),
        "deletions": sum(item.deletions for item in items),
        "insertions": sum(item.insertions for item in items),
        "rate": rate(items),
    }


def _accuracy(items: Sequence[Scored], base: Sequence[Scored] | None) -> dict[str, Any]:
    rates = [item.rate for item in items]
    change = None if base is None else difference(items, base)
    return {
        "n": len(items),
        **_counts(items),
        "interval": interval(items),
        "min": min(rates),
        "median": statistics.median(rates),
        "max": max(rates),
        "difference": None if change is None else {**asdict(change), "is_sure": change.is_sure},
    }


def _durations(
    cells: Mapping[str, dict[str, Any]], recordings: Sequence[Recording]
) -> dict[str, float]:
    """Seconds of each recording: as it was decoded, or as the manifest says."""
    found = {r.id: r.duration for r in recordings if r.duration is not None}
    for cell in cells.values():
        for utterance in cell.get("utterances", ()):
            if "duration" in utterance:
                found[utterance["id"]] = utterance["duration"]
    return found


def _speed(cell: Mapping[str, Any], durations: Mapping[str, float]) -> dict[str, Any]:
    utterances = [u for u in cell["utterances"] if u["id"] in durations]
    audio_s = sum(durations[u["id"]] for u in utterances)
    seconds = sum(statistics.median(u["seconds"]) for u in utterances)
    firsts = [
        statistics.median(known)
        for u in utterances
        if (known := [first for first in u.get("first_s", ()) if first is not None])
    ]
    return {
        "load_s": cell.get("load_s"),
        "first_s": statistics.median(firsts) if firsts else None,
        "seconds": seconds,
        "audio_s": audio_s,
        "real_time_factor": seconds / audio_s if audio_s else None,
        "peak_bytes": cell.get("peak_bytes"),
        "gpu_bytes": cell.get("gpu_bytes"),
        "hour_s": cell.get("hour_s"),
        **(cell.get("stats") or {}),
    }


def _throughput(cell: Mapping[str, Any], durations: Mapping[str, float]) -> list[dict[str, Any]]:
    """Seconds of sound a second; one stream is the run itself."""
    alone = _speed(cell, durations)
    found: list[dict[str, Any]] = []
    if alone["real_time_factor"]:
        single = {"n": 1, "speed": 1 / alone["real_time_factor"], "peak_bytes": alone["peak_bytes"]}
        found.append(single)
    for level in cell["together"]:
        speed = level["audio_s"] / level["seconds"] if "seconds" in level else None
        found.append({**level, "speed": speed})
    return found


def _language(
    utterances: Sequence[Mapping[str, Any]], recordings: Sequence[Recording]
) -> dict[str, dict[str, int]]:
    """How many were heard in the right language, by how much was heard; prefixes are not mixed."""
    found: dict[str, dict[str, int]] = {}
    for name in (*(f"{seconds:g}" for seconds in PREFIXES_S), "full"):
        right = n = 0
        for utterance, recording in zip(utterances, recordings, strict=True):
            if name == "full":
                label = utterance.get("label")
            else:
                is_mixed = recording.language not in ("zh", "en")
                label = None if is_mixed else utterance["prefixes"].get(name)
            if label is not None:
                n += 1
                right += label == _LABELS.get(recording.language, recording.language)
        if n:
            found[name] = {"n": n, "right": right}
    return found
