"""The table of forms, and that each line is measured in the form it names."""

from pathlib import Path

from asr_core.bench import quantization
from asr_core.bench.accuracy import scored
from asr_core.bench.manifest import Recording
from asr_core.bench.quantization import VARIANTS, Heard, built, compared, table
from asr_core.quantize.layers import Int4Weights, Int8Dynamic
from asr_core.quantize.parts import Size
from asr_core.store.bundled import MODELS

SPEECH = Path(__file__).resolve().parents[2] / "recordings" / "english-then-mandarin.flac"


def recording(text, language):
    return Recording(text, SPEECH, text, language, "real", 2.0, 1)


def test_every_form_has_a_line():
    spoken = [recording("one two three four", "en"), recording("七八", "zh")]
    heard = {"float32": ("one two three four", "七八"), "int4": ("one too three four", "七")}
    found = {
        name: [Heard(scored(said, text), 0.5) for said, text in zip(spoken, texts, strict=True)]
        for name, texts in heard.items()
    }
    sizes = {"float32": Size(400_000_000, 800_000_000), "int4": Size(67_000_000, 68_000_000)}
    lines = table(found, sizes).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2] == "| float32 | 0.00 | 0.00 |  | 400 | 800 | 1.00 |"
    assert lines[3] == "| int4 | 25.00 | 50.00 |  | 67 | 68 | 1.00 |"


def test_every_recording_is_heard_in_every_form():
    """By the bundled model, real weights."""
    forms = ("float32", "int8")
    engines = {name: built(VARIANTS[name], {})[0] for name in forms}
    said = "in a time which is long long ago"
    found = compared(engines, [recording(said, "en")], 2)
    assert found.keys() == set(forms)
    for (heard,) in found.values():
        assert "time" in heard.scored.hypothesis
        assert heard.seconds > 0


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
