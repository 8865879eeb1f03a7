"""The command `python -m asr_core.bench`, with a recognizer that only says what it was asked."""

import json

import pytest

from asr_core.bench import __main__ as bench


@pytest.fixture
def asked(monkeypatch):
    """The settings the recognizer was made with."""
    given = []

    def ours(settings, n_threads):
        given.append(settings)
        return lambda path: path.stem

    monkeypatch.setattr(bench, "ours", ours)
    return given


@pytest.fixture
def manifest(tmp_path):
    path = tmp_path / "manifest.jsonl"
    rows = [{"id": name, "file": f"{name}.wav", "duration_s": 2.0} for name in ("hello", "bye")]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_texts_and_times_are_written_for_a_scorer(asked, manifest, tmp_path, capsys):
    output = tmp_path / "texts"
    assert bench.main([str(manifest), "--output", str(output), "--only", "hello"]) == 0
    (row,) = map(json.loads, (output / "ours.jsonl").read_text().splitlines())
    assert (row["id"], row["text"]) == ("hello", "hello")
    assert "for 2.0 s of sound" in capsys.readouterr().out
    assert (asked[0].precision, asked[0].decode) == ("auto", "joint")


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_the_precision_asked_for_is_the_one_measured(asked, manifest, tmp_path, precision):
    arguments = [str(manifest), "--output", str(tmp_path), "--precision", precision]
    assert bench.main(arguments) == 0
    assert [settings.precision for settings in asked] == [precision]


def test_a_precision_there_is_not_is_refused(asked, manifest, tmp_path, capsys):
    with pytest.raises(SystemExit):
        bench.main([str(manifest), "--output", str(tmp_path), "--precision", "int4"])
    assert "--precision" in capsys.readouterr().err
    assert not asked
