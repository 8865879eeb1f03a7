"""What ModelOpt quantized, made into our 8 bits: a tiny folder with the keys that it writes.

The weights are made up: this proves what is read and written, never recognition.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from modelopt_folders import quantized, trap
from safetensors.torch import load_file, save_file
from tiny_qwen3 import ENGLISH, PLAIN, write_model

from asr_core.cli import main
from asr_core.engines import load_engine
from asr_core.engines.qwen3_asr.folder import load_folder
from asr_core.engines.qwen3_asr.modelopt import convert
from asr_core.engines.qwen3_asr.placing import Placement
from asr_core.engines.qwen3_asr.prompt import question
from asr_core.errors import ModelError
from asr_core.quantize.layers import Int8Dynamic
from asr_core.settings import Settings


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Folders, written once: of random weights in both forms, and one that says its sentence."""
    top = tmp_path_factory.mktemp("modelopt")
    for name, form, says in (
        ("hf", "hf", ()),
        ("original", "original", ()),
        ("english", "original", ENGLISH),
    ):
        path = write_model(top / name, form, says) / "model.safetensors"
        save_file(quantized(load_file(path)), path, {"format": "pt"})
    return top


def copied(written, name, tmp_path):
    folder = shutil.copytree(written / name, tmp_path / "theirs" / "model-int8")
    (folder / "modelopt_state.pth").write_bytes(trap(tmp_path / "trapped"))
    return folder


@pytest.fixture
def folder(written, tmp_path):
    return copied(written, "original", tmp_path)


def log_probs(loaded, window):
    placed, processor = loaded
    inputs = processor(text=[question(language="en")], audio=[window.waveform])
    with torch.inference_mode():
        return placed.run(**inputs).logits[0, -1].float().log_softmax(-1)


def alike(a, b):
    return torch.corrcoef(torch.stack([a, b]))[0, 1]


def loaded(folder, precision):
    return load_folder(folder, Placement(Settings(device="cpu", precision=precision)))


def simulated(folder, output):
    """The folder as ModelOpt computes its weights: floats, rounded."""
    weights, plain = load_file(folder / "model.safetensors"), {}
    for key, weight in weights.items():
        name = key.removesuffix(".weight")
        amax = weights.get(f"{name}.weight_quantizer._amax")
        if "_quantizer." in key:
            continue
        if amax is not None:
            codes = torch.clamp((weight * (127 / amax)).round(), -128, 127)
            weight = codes * amax / 127 * weights[f"{name}.input_quantizer._pre_quant_scale"]
        plain[key] = weight.contiguous()
    output.mkdir(parents=True)
    for path in folder.iterdir():
        if path.suffix in (".json", ".txt", ".jinja"):
            (output / path.name).write_bytes(path.read_bytes())
    save_file(plain, output / "model.safetensors", {"format": "pt"})
    return output


@pytest.mark.parametrize("form", ["hf", "original"])
def test_the_converted_folder_computes_what_modelopt_simulates(written, tmp_path, windows, form):
    folder = copied(written, form, tmp_path)
    output = tmp_path / "ours" / "model"
    done = convert(folder, output)
    assert done.n_layers == 14  # two layers of seven
    theirs = loaded(simulated(folder, tmp_path / "plain" / "model"), "float32")
    floats, codes = loaded(output, "float32"), loaded(output, "auto")
    assert (floats[0].precision, codes[0].precision) == ("float32", "int8")
    exact, as_floats, as_codes = (log_probs(each, windows[0]) for each in (theirs, floats, codes))
    assert alike(as_floats, exact) > 0.9999
    assert alike(as_codes, exact) > 0.95  # here the input is rounded, too


def test_codes_and_scales_are_kept_as_they_were(folder, tmp_path):
    output = tmp_path / "ours" / "model"
    convert(folder, output)
    theirs, ours = load_file(folder / "model.safetensors"), load_file(output / "model.safetensors")
    assert not any("_quantizer" in key for key in ours)
    name = next(k for k in theirs if k.endswith("weight_quantizer._amax")).rpartition(".weight_")[0]
    assert ours[f"{name}.weight"].dtype == torch.int8
    amax = theirs[f"{name}.weight_quantizer._amax"]
    assert torch.equal(ours[f"{name}.weight_scale"], amax.flatten() / 127)
    assert ours[f"{name}.weight"].max() == 127  # what had grown beyond is cut, as there
    placed, _ = loaded(output, "int8")
    layers = [m for m in placed.model.modules() if isinstance(m, Int8Dynamic)]
    assert len(layers) == 14
    assert {layer.scales.dtype for layer in layers} == {torch.float32}


def test_the_pickle_stays_closed_and_behind(folder, tmp_path):
    convert(folder, tmp_path / "ours" / "model")
    assert not (tmp_path / "trapped").exists()
    assert not (tmp_path / "ours" / "model" / "modelopt_state.pth").exists()


def test_the_command_makes_a_folder_that_says_its_sentence(
    written, folders, tmp_path, windows, capsys
):
    folder, output = copied(written, "english", tmp_path), tmp_path / "ours" / "model"
    shutil.copytree(folders / "aligned-original" / "aligner", tmp_path / "ours" / "aligner")
    assert main(["models", "convert", str(folder), "--output", str(output)]) == 0
    assert "14 layers are in 8 bits now" in capsys.readouterr().err
    engine = load_engine(replace(PLAIN, engine=str(output), precision="int8"))
    found = [*engine.recognize(windows[:1], PLAIN)][-1]
    assert "Hello world." in " ".join(segment.text for segment in found.segments)
    assert engine.stats()["precision"] == "int8"
    assert main(["models", "convert", str(folder), "--output", str(output)]) == 1
    assert "is there already. Name a new folder" in capsys.readouterr().err


def changed(folder, change):
    path = folder / "model.safetensors"
    weights = load_file(path)
    save_file(change(weights), path, {"format": "pt"})


def without(ending):
    return lambda weights: {k: w for k, w in weights.items() if not k.endswith(ending)}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (without("_amax"), "No layer has the scales of int8"),
        (without("input_quantizer._amax"), "is not in int8 with a scale an output"),
        (
            lambda weights: {
                k: w.max().reshape(1) if k.endswith("weight_quantizer._amax") else w
                for k, w in weights.items()
            },
            "is not in int8 with a scale an output",
        ),
    ],
)
def test_what_is_not_int8_is_refused_and_nothing_is_written(folder, tmp_path, change, sentence):
    changed(folder, change)
    with pytest.raises(ModelError, match=sentence):
        convert(folder, tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


def test_other_folders_are_refused(folders, tmp_path):
    plain = folders / "random-hf" / "model"
    with pytest.raises(ModelError, match="is no Qwen3-ASR that ModelOpt quantized"):
        convert(plain, tmp_path / "ours")


def test_half_a_file_is_a_sentence(folder, tmp_path):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="cannot be read"):
        convert(folder, tmp_path / "ours")


def test_its_description_says_which_form_it_is(folder, tmp_path):
    convert(folder, tmp_path / "ours")
    theirs, ours = (
        json.loads(Path(each, "config.json").read_text()) for each in (folder, tmp_path / "ours")
    )
    assert ours == theirs | {"sottovoce_int8": 1}
