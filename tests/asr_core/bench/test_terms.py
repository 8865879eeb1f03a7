"""Listed terms are counted where they were said and where they were written."""

import json

import pytest

from asr_core.bench.terms import found_terms, main
from asr_core.text.vocabulary import Vocabulary

LISTED = Vocabulary.parse(["Linda Berg", "周杰伦", "Excel"])


def test_missed_and_made_up_terms_are_errors():
    pairs = [
        ("Linda Berg and Linda Berg", "linda berg and Linda Bergs"),
        ("我见过周杰伦。", "我见过周杰倫"),
        ("they excelled", "they Excel"),
    ]
    found = found_terms(LISTED, pairs)
    assert (found.said.total(), found.written.total(), found.right.total()) == (3, 3, 2)
    assert found.recall == found.precision == pytest.approx(2 / 3)
    assert found.error_rate == pytest.approx(2 / 3)


def test_the_report_names_what_went_wrong(tmp_path, capsys):
    def lines(name, *rows):
        path = tmp_path / name
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return str(path)

    (tmp_path / "a.wav").write_bytes(b"")
    said = {"id": "a", "file": "a.wav", "text": "Linda Berg uses Excel"}
    again = {"id": "b", "file": "a.ogg", "text": "Excel", "format_test": True}
    manifest = lines("m.jsonl", said, again)
    texts = lines("t.jsonl", {"id": "a", "text": "linda berg uses axle 周杰伦"})
    listed = tmp_path / "list.txt"
    listed.write_text("Linda Berg\n周杰伦\nExcel\n", encoding="utf-8")
    assert main([manifest, str(listed), texts]) == 0
    out = capsys.readouterr().out
    assert "terms said 2, error rate 100.0 %, recall 50.0 %, precision 50.0 %" in out
    assert "missed: Excel 1" in out
    assert "made up: 周杰伦 1" in out
    assert main([manifest, str(listed), str(tmp_path / "gone")]) == 1
    assert "'gone' has no texts of the benchmark" in capsys.readouterr().err
