"""The command `python -m asr_core.bench`, with a recognizer that only says what it was asked."""

import json

import pytest

from asr_core.bench import __main__ as bench
from asr_core.bench.measure import Recognition
from asr_core.settings import Settings


@pytest.fixture
def asked(monkeypatch):
    """The modes and the settings the recognizers were made for."""
    given = []

    def ours(modes, settings, n_threads):
        given.append((modes, settings))
        return {mode: lambda path: Recognition(path.stem, n_passes=7) for mode in modes}

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
    (row,) = map(json.loads, (output / "joint.jsonl").read_text().splitlines())
    assert (row["id"], row["text"]) == ("hello", "hello")
    printed = capsys.readouterr().out
    assert "for 2.0 s of sound" in printed
    assert "7 decoder passes" in printed
    assert asked == [(["joint"], Settings())]


def test_several_ways_to_decode_are_compared_in_one_run(asked, manifest, tmp_path):
    output = tmp_path / "texts"
    arguments = [str(manifest), "--output", str(output), "--decode", "joint", "draft"]
    assert bench.main(arguments) == 0
    assert asked == [(["joint", "draft"], Settings())]
    assert {path.name for path in output.iterdir()} == {"joint.jsonl", "draft.jsonl"}


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16", "int8", "int4"])
def test_the_precision_asked_for_is_the_one_measured(asked, manifest, tmp_path, precision):
    arguments = [str(manifest), "--output", str(tmp_path), "--precision", precision]
    assert bench.main(arguments) == 0
    assert [settings.precision for _, settings in asked] == [precision]


def test_a_precision_there_is_not_is_refused(asked, manifest, tmp_path, capsys):
    with pytest.raises(SystemExit):
        bench.main([str(manifest), "--output", str(tmp_path), "--precision", "int3"])
    assert "--precision" in capsys.readouterr().err
    assert not asked


def test_names_and_terms_are_given_to_the_recognizer(asked, manifest, tmp_path):
    listed = tmp_path / "names.txt"
    listed.write_text("Ann\nBo | beau\n", encoding="utf-8")
    arguments = [str(manifest), "--output", str(tmp_path), "--vocabulary", str(listed)]
    assert bench.main(arguments) == 0
    assert asked[0][1].vocabulary == ("Ann", "Bo | beau")
