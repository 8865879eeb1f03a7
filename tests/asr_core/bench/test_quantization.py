"""The table of forms, and that each line is measured in the form it names."""

import json
from pathlib import Path

import pytest

from asr_core.bench import quantization
from asr_core.bench.batches import main as batches
from asr_core.bench.manifest import Recording
from asr_core.bench.quantization import (
    VARIANTS,
    Heard,
    Measured,
    built,
    compared,
    main,
    repairs,
    table,
)
from asr_core.engines.conformer import engine_of
from asr_core.quantize.layers import Int4Steps, Int8Dynamic
from asr_core.quantize.parts import Size
from asr_core.store.bundled import MODELS

SPEECH = Path(__file__).resolve().parents[2] / "recordings" / "english-then-mandarin.flac"
SIZE = Size(400_000_000, 800_000_000)


def recording(text, language):
    return Recording(text, SPEECH, text, language, "real", 2.0, 1)


def measured(spoken, texts, repaired=None, size=SIZE):
    heard = zip(spoken, texts, repaired or texts, strict=True)
    return Measured(size, [Heard(r.id, text, mended, 0.5, 2.0) for r, text, mended in heard])


def test_every_form_has_a_line():
    spoken = [recording("one two three four", "en"), recording("七八", "zh")]
    found = {
        "float32": measured(spoken, ("one two three four", "七八")),
        "int4, 32": measured(
            spoken, ("one too three four", "七"), size=Size(67_000_000, 68_000_000)
        ),
        "int4, 32 distilled": measured(spoken, ("one two three four", "七")),
    }
    lines = table(found, spoken).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]
    assert cells[0] == ["float32", "0.00", "0.00", "", "", "", "400", "800", "0.250"]
    assert cells[1][:4] == ["int4, 32", "25.00", "50.00", ""]
    assert cells[1][4].startswith("+33.33 [")  # two of six tokens
    assert cells[1][5:] == ["", "67", "68", "0.250"]
    assert cells[2][4].startswith("+16.67 [")
    assert cells[2][5].startswith("-16.67 [")


def test_what_a_list_puts_right_is_told():
    spoken = [recording("i met jason there", "en"), recording("七八", "zh")]
    heard = ("i met chasen there", "七八")
    found = {"int4, 32": measured(spoken, heard, ("i met jason there", "七八"))}
    (line,) = repairs(found, spoken).splitlines()[2:]
    assert line.split("|")[4].strip().startswith("-16.67 [")


def test_every_recording_is_heard_in_every_form():
    """By the bundled model, real weights."""
    forms = ("float32", "int8")
    engines = {name: engine_of(built(VARIANTS[name], {}, {})[0]) for name in forms}
    said = "in a time which is long long ago"
    found = compared(engines, [recording(said, "en")], 2)
    assert found.keys() == set(forms)
    for (heard,) in found.values():
        assert "time" in heard.text
        assert heard.text == heard.repaired
        assert heard.seconds > 0
        assert heard.duration > 5


def test_a_form_is_built_as_it_is_called_and_smaller(monkeypatch):
    """Of the bundled model, real weights."""
    assert MODELS[0].name == "sottovoce-base"
    _, floats = built(VARIANTS["float32"], {}, {})
    sizes = {}
    for name, layer in (("int8 decoder", Int8Dynamic), ("int4, 128", Int4Steps)):
        seen = []
        quantized = quantization.quantize

        def noted(model, forms, seen=seen, quantized=quantized):
            seen.append(quantized(model, forms))

        with monkeypatch.context() as patch:
            patch.setattr(quantization, "quantize", noted)
            _, sizes[name] = built(VARIANTS[name], {}, {})
        kinds = {type(module) for module in seen[0].decoder.modules()}
        assert layer in kinds
    assert floats.stored > 380e6
    assert sizes["int8 decoder"].stored < floats.stored / 2
    assert sizes["int4, 128"].stored < floats.stored / 6


@pytest.fixture
def manifest(tmp_path):
    row = {"id": "a", "file": str(SPEECH), "text": "in a time which is long ago", "language": "en"}
    path = tmp_path / "manifest.jsonl"
    path.write_text(json.dumps(row) + "\n")
    return path


def test_a_form_that_was_measured_is_not_measured_again(manifest, tmp_path, capsys, monkeypatch):
    kept = {
        "id": "a",
        "text": "in a time",
        "repaired": "in a time",
        "seconds": 1.0,
        "duration": 4.0,
    }
    size = {"stored": 1_000_000, "in_memory": 2_000_000}
    (tmp_path / "int8.json").write_text(json.dumps({"size": size, "heard": [kept]}))
    monkeypatch.setattr(quantization, "built", None)  # or it would have to be built
    assert main([str(manifest), "--output", str(tmp_path), "--forms", "int8"]) == 0
    written = capsys.readouterr().out
    assert "| int8 | 57.14 |" in written  # four of seven words are missing
    assert (tmp_path / "quantization.md").read_text() == written


@pytest.mark.soak
def test_speed_by_batch_has_a_column_a_size(manifest, capsys):
    """By the bundled model, real weights."""
    line = [str(manifest), "--forms", "int8", "--sizes", "1", "2", "--rounds", "1"]
    assert batches([*line, "--threads", "1"]) == 0
    header, _, row = capsys.readouterr().out.splitlines()
    assert header == "| form | 1 | 2 |"
    name, *speeds = (cell.strip() for cell in row.split("|")[1:-1])
    assert name == "int8"
    assert all(float(speed) > 0 for speed in speeds)
