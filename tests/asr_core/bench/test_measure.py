"""The comparison takes recognizers in turn and keeps the text a scorer needs."""

import json
from functools import partial

import pytest

from asr_core.bench.measure import Recognition, compare, read_manifest
from asr_core.errors import AsrError


def manifest(folder, *durations):
    rows = [
        {"id": f"r{i}", "file": f"r{i}.wav", "duration_s": duration}
        for i, duration in enumerate(durations)
    ]
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_recognizers_take_turns_after_warming_up_on_the_shortest(tmp_path):
    calls = []

    def recognize(name, path):
        calls.append((name, path.stem))
        return Recognition(f"{name} {path.stem}", n_passes=3)

    recognizers = {name: partial(recognize, name) for name in ("a", "b")}
    items = read_manifest(manifest(tmp_path, 5.0, 2.0))
    found = list(compare(recognizers, items, n_rounds=2))
    turns = [("a", "r0"), ("b", "r0")] * 2 + [("a", "r1"), ("b", "r1")] * 2
    assert calls == [("a", "r1"), ("b", "r1"), *turns]
    assert [scores["b"].text for scores in found] == ["b r0", "b r1"]
    assert all(scores["a"].n_passes == 3 for scores in found)
    assert all(len(score.seconds) == 2 for scores in found for score in scores.values())


def test_what_is_no_manifest_is_said_to_be_none(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello", encoding="utf-8")
    with pytest.raises(AsrError, match=r"'notes\.txt' is not a manifest"):
        read_manifest(path)
