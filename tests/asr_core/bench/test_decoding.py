"""The table of the ways to decode."""

import json

import pytest

pytest.importorskip("cn2an", reason="the extra `bench` is not installed")
pytest.importorskip("num2words", reason="the extra `bench` is not installed")

from asr_core.bench.decoding import table
from asr_core.bench.measure import Score, write_texts


def test_every_way_to_decode_has_a_line(tmp_path):
    rows = [
        {"id": "a", "text": "one two three four", "language": "en"},
        {"id": "b", "text": "five six", "language": "en"},
        {"id": "c", "text": "七八", "language": "zh"},
    ]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    heard = {
        "ctc": ("one too three", "five six", "七"),
        "joint": ("One two three four", "", "七八"),
    }
    found = {
        name: [
            Score(id, 2.0, text, n_passes, [0.5])
            for id, text, n_passes in zip("abc", texts, (3, 4, 5), strict=True)
        ]
        for name, texts in heard.items()
    }
    for name, scores in found.items():
        write_texts(tmp_path / f"{name}.jsonl", scores)
    lines = table(manifest, tmp_path, found).splitlines()
    assert lines[0].startswith("| decode | en, % | zh, % |")
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2] == "| ctc | 33.33 [0.0, 50.0] | 50.00 |  | 0.2500 | 12 |"
    assert lines[3] == "| joint | 33.33 [0.0, 100.0] | 0.00 |  | 0.2500 | 12 |"
