"""The table of forms, and that each line is measured in the form it names."""

import json

import pytest

pytest.importorskip("cn2an", reason="the extra `bench` is not installed")
pytest.importorskip("num2words", reason="the extra `bench` is not installed")

from asr_core.bench import quantization
from asr_core.bench.measure import Score, write_texts
from asr_core.bench.quantization import VARIANTS, built, table
from asr_core.quantize.layers import Int4Weights, Int8Dynamic
from asr_core.quantize.parts import Size
from asr_core.store.bundled import MODELS


def test_every_form_has_a_line(tmp_path):
    rows = [
        {"id": "a", "text": "one two three four", "language": "en"},
        {"id": "b", "text": "七八", "language": "zh"},
    ]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    heard = {"float32": ("one two three four", "七八"), "int4": ("one too three four", "七")}
    found = {
        name: [Score(id, 2.0, text, 3, [0.5]) for id, text in zip("ab", texts, strict=True)]
        for name, texts in heard.items()
    }
    for name, scores in found.items():
        write_texts(tmp_path / f"{name}.jsonl", scores)
    sizes = {"float32": Size(400_000_000, 800_000_000), "int4": Size(67_000_000, 68_000_000)}
    lines = table(manifest, tmp_path, found, sizes).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2] == "| float32 | 0.00 | 0.00 |  | 400 | 800 | 1.00 | 0.2500 |"
    assert lines[3] == "| int4 | 25.00 | 50.00 |  | 67 | 68 | 1.00 | 0.2500 |"


def test_a_form_is_built_as_it_is_called_and_smaller(monkeypatch):
    """Of the bundled model, real weights."""
    assert MODELS[0].name == "sottovoce-base"
    _, floats = built(VARIANTS["float32"], {})
    sizes = {}
    for name, layer in (("int8 decoder", Int8Dynamic), ("int4, 128", Int4Weights)):
        seen = []
        quantized = quantization.quantize

        def noted(model, forms, seen=seen, quantized=quantized):
            seen.append(quantized(model, forms))

        with monkeypatch.context() as patch:
            patch.setattr(quantization, "quantize", noted)
            _, sizes[name] = built(VARIANTS[name], {})
        kinds = {type(module) for module in seen[0].decoder.modules()}
        assert layer in kinds
    assert floats.stored > 380e6
    assert sizes["int8 decoder"].stored < floats.stored / 2
    assert sizes["int4, 128"].stored < floats.stored / 6
