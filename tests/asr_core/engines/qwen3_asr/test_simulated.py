"""What ModelOpt quantized, run by ModelOpt's own quantizers: after a yes, and as its own code does.

The weights are made up: this proves what is loaded and computed, never recognition.
"""

import json
import os
import shutil
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import pytest
import torch
from modelopt_folders import STATE, pretend_installed, quantized, state, trap
from safetensors.torch import load_file, save_file
from tiny_qwen3 import ENGLISH, PLAIN, write_model
from voice import conversation

from asr_core.cli import main
from asr_core.engines import load_engine
from asr_core.engines.qwen3_asr.folder import load_folder
from asr_core.engines.qwen3_asr.modelopt import convert
from asr_core.engines.qwen3_asr.placing import Placement
from asr_core.engines.qwen3_asr.prompt import question
from asr_core.errors import AsrError, ModelError
from asr_core.jobs import Recognizer
from asr_core.settings import Settings
from asr_core.store.shelf import Content, Shelved, put_up, sha256

FIRST = "thinker.model.layers.0.self_attn.q_proj"

needs_modelopt = pytest.mark.skipif(
    find_spec("modelopt") is None, reason="needs nvidia-modelopt: pip install -e .[modelopt]"
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Folders in the original form with the numbers of quantizers, and what their state says.

    The first is random, the second says its sentence.
    """
    return [
        _written(tmp_path_factory.mktemp("modelopt") / "theirs", says) for says in ((), ENGLISH)
    ]


def _written(folder, says):
    write_model(folder, "original", says)
    weights = quantized(load_file(folder / "model.safetensors"))
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder, state(weights)


@pytest.fixture
def said(written):
    """The state of the random one."""
    return written[0][1]


@pytest.fixture
def home(monkeypatch, tmp_path):
    """Where models are added in this test."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "data" / "sottovoce" / "models"


@pytest.fixture
def agreed(home, written):
    """Puts a folder up as a model, as after a yes to the pickle in it."""

    def agreed(pickle, which=0):
        folder = shutil.copytree(written[which][0], home / ".adding" / "theirs")
        if isinstance(pickle, bytes):
            (folder / STATE).write_bytes(pickle)
        else:
            torch.save(pickle, folder / STATE)
        files = {path.name: Content(path.stat().st_size, sha256(path)) for path in folder.iterdir()}
        yes = files[STATE].sha256
        put_up(folder, Shelved("theirs", "a stick", None, "nothing", files, yes))
        return home / "theirs"

    return agreed


@pytest.fixture
def package(monkeypatch, tmp_path):
    pretend_installed(monkeypatch, tmp_path / "site")


def loaded(folder, precision="float32"):
    return load_folder(folder, Placement(Settings(device="cpu", precision=precision)))


def test_a_folder_that_was_never_added_is_not_opened(package, written, tmp_path):
    folder = shutil.copytree(written[0][0], tmp_path / "theirs")
    (folder / STATE).write_bytes(trap(tmp_path / "trapped"))
    with pytest.raises(ModelError, match=r"modelopt_state.pth is a pickle.*sottovoce models add"):
        load_engine(replace(PLAIN, engine=str(folder)))
    assert not (tmp_path / "trapped").exists()


@pytest.mark.skipif(find_spec("modelopt") is not None, reason="nvidia-modelopt is installed here")
def test_without_the_package_one_sentence_says_what_to_do(agreed, tmp_path):
    folder = agreed(trap(tmp_path / "trapped"))
    with pytest.raises(ModelError, match=r"models convert FOLDER.*pip install -e \.\[modelopt\]"):
        load_engine(replace(PLAIN, engine=str(folder)))
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_few_bits_of_few_bits_are_refused(package, agreed, tmp_path, precision):
    folder = agreed(trap(tmp_path / "trapped"))
    with pytest.raises(ModelError, match=f"not put into {precision} once more.* models convert"):
        loaded(folder, precision)
    assert not (tmp_path / "trapped").exists()


def test_even_after_a_yes_no_program_in_the_pickle_runs(package, agreed, tmp_path):
    folder = agreed(trap(tmp_path / "trapped"))
    with pytest.raises(ModelError, match="holds more than weights, which Sottovoce does not run"):
        loaded(folder)
    assert not (tmp_path / "trapped").exists()


def test_a_package_that_does_not_start_is_a_sentence(package, agreed, said):
    with pytest.raises(AsrError, match=r"nvidia-modelopt does not start .*ModuleNotFoundError"):
        loaded(agreed(said))


def changed(said, quantizer, **attributes):
    """A state in which a quantizer, a new one maybe, has these attributes."""
    said = deepcopy(said)
    settings = said["modelopt_state_dict"][-1][1]["metadata"]["quantizer_state"]
    settings[quantizer] = settings.get(quantizer, {}) | attributes
    return said


@pytest.mark.parametrize(
    ("quantizer", "attributes"),
    [
        (f"{FIRST}.input_quantizer", {"_num_bits": (4, 3)}),  # FP8
        (f"{FIRST}.weight_quantizer", {"_num_bits": 4, "_block_sizes": {-1: 128}}),
        (f"{FIRST}.weight_quantizer", {"_fake_quant": False}),
        (f"{FIRST}.output_quantizer", {"_rotate": True}),
        ("thinker.model.layers.0.self_attn.k_bmm_quantizer", {"_disabled": False, "_num_bits": 8}),
        (
            "thinker.model.layers.0.nowhere.input_quantizer",
            {"_disabled": False, "_num_bits": 8, "_fake_quant": True},
        ),
        (
            f"{FIRST}.weight_quantizer",
            {"_pytorch_state_metadata": {"buffers": {"_svdquant_lora_a": {"shape": (1,)}}}},
        ),
    ],
)
def test_what_was_never_tried_is_refused(package, agreed, said, quantizer, attributes):
    with pytest.raises(ModelError, match="quantizes in a way that is not simulated here"):
        loaded(agreed(changed(said, quantizer, **attributes)))


def test_a_state_with_another_method_in_it_is_refused(package, agreed, said):
    said = deepcopy(said)
    said["modelopt_state_dict"].append(("real_quantize", said["modelopt_state_dict"][0][1]))
    with pytest.raises(ModelError, match=r"not simulated here \(real_quantize\)"):
        loaded(agreed(said))


@pytest.mark.parametrize("other", [{}, [], {"modelopt_state_dict": []}, torch.zeros(3)])
def test_another_s_file_is_refused(package, agreed, other):
    with pytest.raises(ModelError, match="is not one that ModelOpt wrote"):
        loaded(agreed(other))


# From here on the package itself is needed.

MAKER = """
import copy, json, sys, warnings
warnings.simplefilter("ignore")
sys.path[:0] = json.loads(sys.argv[1])
from pathlib import Path
import numpy as np
import torch
import modelopt.torch.opt as mto
import modelopt.torch.quantization as mtq
from safetensors.torch import save_file
from transformers import Qwen3ASRForConditionalGeneration
from asr_core.engines.qwen3_asr.folder import load_folder
from asr_core.engines.qwen3_asr.placing import Placement
from asr_core.engines.qwen3_asr.prompt import question
from tiny_qwen3 import PLAIN

source, output, sound = map(Path, sys.argv[2:])
placed, processor = load_folder(source, Placement(PLAIN))
text = [question(language="en")]
inputs = processor(text=text, audio=[np.load(sound)])
config = copy.deepcopy(mtq.INT8_SMOOTHQUANT_CFG)
config["quant_cfg"] += [
    {"quantizer_name": part, "enable": False}
    for part in ("*audio_tower*", "*multi_modal_projector*", "*lm_head*")
]
with torch.inference_mode(False), torch.no_grad():
    plain = placed.model(**inputs).logits
    model = mtq.quantize(placed.model, config, lambda model: model(**inputs))
    quantized = model(**inputs).logits
    mto.enable_huggingface_checkpointing()
    model.save_pretrained(output)
    again = Qwen3ASRForConditionalGeneration.from_pretrained(output).eval()
    restored = again(**inputs).logits
logits = {"plain": plain, "quantized": quantized, "restored": restored}
save_file({name: each.contiguous() for name, each in logits.items()}, output / "logits")
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory, windows):
    """Folders in both forms that ModelOpt itself made, and its own logits, from another process."""
    import numpy as np

    top = tmp_path_factory.mktemp("made")
    np.save(top / "sound.npy", windows[0].waveform)
    source = write_model(top / "plain", "hf")
    folder = top / "hf"
    done = subprocess.run(
        [sys.executable, "-c", MAKER, json.dumps(sys.path), source, folder, top / "sound.npy"],
        capture_output=True, text=True, timeout=300, env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    logits = load_file(folder / "logits")
    (folder / "logits").unlink()
    for path in source.iterdir():
        if not (folder / path.name).exists():
            shutil.copyfile(path, folder / path.name)
    original = write_model(top / "original", "original")
    weights = load_file(folder / "model.safetensors")
    weights |= {"lm_head.weight": weights["model.language_model.embed_tokens.weight"].clone()}
    save_file({published(k): w for k, w in weights.items()}, original / "model.safetensors")
    said = torch.load(folder / STATE, weights_only=True)
    for _, each in said["modelopt_state_dict"]:
        settings = each["metadata"]["quantizer_state"]
        each["metadata"]["quantizer_state"] = {published(k): v for k, v in settings.items()}
    torch.save(said, original / STATE)
    return top, logits


def published(name):
    """What the original folders call it."""
    for ours, theirs in {
        "model.multi_modal_projector.linear_1.": "thinker.audio_tower.proj1.",
        "model.multi_modal_projector.linear_2.": "thinker.audio_tower.proj2.",
        "model.audio_tower.": "thinker.audio_tower.",
        "model.language_model.": "thinker.model.",
        "lm_head.": "thinker.lm_head.",
    }.items():
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    return name


def logits_of(folder, window):
    placed, processor = loaded(folder)
    inputs = processor(text=[question(language="en")], audio=[window.waveform])
    with torch.inference_mode():
        return placed.run(**inputs).logits, placed


@needs_modelopt
@pytest.mark.parametrize("form", ["hf", "original"])
def test_it_computes_what_modelopt_s_own_model_does(made, home, windows, monkeypatch, form):
    top, theirs = made
    monkeypatch.setattr("sys.stdin", StringIO("yes\n"))
    assert main(["models", "add", str(top / form), "--name", "theirs"]) == 0
    ours, placed = logits_of(home / "theirs", windows[0])
    assert (placed.precision, len(placed.notes)) == ("float32", 1)
    for name in ("quantized", "restored"):
        assert torch.allclose(ours, theirs[name], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(ours, theirs["plain"], atol=1e-2)  # the quantizers did something
    convert(top / form, Path(home, "..", "ours"))
    codes, _ = logits_of(Path(home, "..", "ours"), windows[0])
    last = torch.stack([codes[0, -1], ours[0, -1]])
    assert torch.corrcoef(last.log_softmax(-1))[0, 1] > 0.95
    engine = load_engine(replace(PLAIN, engine="theirs"))
    found = [*engine.recognize(windows[:1], PLAIN)][-1]
    assert found.end == windows[0].end
    assert "ModelOpt simulates few bits" in " ".join(engine.stats()["notes"])


@needs_modelopt
@pytest.mark.parametrize("ending", ["_amax", "_pre_quant_scale"])
def test_numbers_that_are_missing_are_refused(agreed, said, ending):
    folder = agreed(said)
    weights = load_file(folder / "model.safetensors")
    less = {name: weight for name, weight in weights.items() if not name.endswith(ending)}
    save_file(less, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match="are not those that modelopt_state"):
        loaded(folder)


@needs_modelopt
def test_numbers_that_nobody_names_are_refused(agreed, said):
    folder = agreed(said)
    weights = load_file(folder / "model.safetensors")
    more = weights | {"thinker.lm_head.input_quantizer._amax": torch.tensor(1.0)}
    save_file(more, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"lm_head\.input_quantizer in 'theirs' are not those"):
        loaded(folder)


@needs_modelopt
@pytest.mark.skipif(os.name == "nt", reason="the worker is tested where POSIX signals are")
def test_the_page_s_worker_runs_it(agreed, written, monkeypatch):
    """It has no network, writes no file and starts no program, whatever the package would like."""
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    agreed(written[1][1], which=1)
    recognizer = Recognizer()
    try:
        job = recognizer.submit(conversation(2), "talk.wav", replace(PLAIN, engine="theirs"))
        assert job.wait(240)
        assert job.stage == "done", job.error
        assert [s.text for s in job.segments] == ["Hello world. Good morning!"] * 2
        assert "ModelOpt simulates few bits" in " ".join(job.transcript.notes)
        assert job.receipt.clean
    finally:
        recognizer.close()


@needs_modelopt
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_it_says_its_sentence(agreed, written, windows, precision):
    agreed(written[1][1], which=1)
    engine = load_engine(replace(PLAIN, engine="theirs", precision=precision))
    found = [*engine.recognize(windows[:1], PLAIN)][-1]
    assert "Hello world." in " ".join(segment.text for segment in found.segments)
    assert engine.stats()["precision"] == precision
