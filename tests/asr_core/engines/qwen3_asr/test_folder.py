"""Both forms of a folder give the same model, and what is not whole gives a sentence."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_qwen3 import PLAIN, write_model
from transformers import AutoProcessor, Qwen3ASRForConditionalGeneration

from asr_core.engines.qwen3_asr.folder import load_folder
from asr_core.engines.qwen3_asr.forms import is_aligner, is_recognizer
from asr_core.engines.qwen3_asr.placing import Placement
from asr_core.engines.qwen3_asr.prompt import question
from asr_core.errors import ModelError


@pytest.mark.parametrize("name", ["random-{}/model", "aligned-{}/aligner"])
def test_both_forms_give_the_same_model(loaded, name):
    (ours, _), (theirs, _) = loaded(name.format("hf")), loaded(name.format("original"))
    mine, other = ours.model.state_dict(), theirs.model.state_dict()
    assert mine.keys() == other.keys()
    assert all(torch.equal(mine[key], other[key]) for key in mine)
    settings = ("rope_parameters", "head_dim", "num_key_value_heads", "rms_norm_eps")
    a, b = ours.model.config.text_config, theirs.model.config.text_config
    assert [getattr(a, key) for key in settings] == [getattr(b, key) for key in settings]
    assert a.rope_parameters["rope_theta"] == 1_000_000.0


@pytest.mark.parametrize("form", ["hf", "original"])
def test_what_a_folder_holds_is_told_without_loading_it(folders, form):
    assert is_recognizer(folders / f"aligned-{form}" / "model")
    assert not is_recognizer(folders / f"aligned-{form}" / "aligner")
    assert is_aligner(folders / f"aligned-{form}" / "aligner")
    assert not is_recognizer(folders)


def test_the_question_is_the_one_the_published_template_asks(folders, loaded, windows):
    sounds = [window.waveform for window in windows]
    theirs = AutoProcessor.from_pretrained(folders / "random-hf" / "model")
    wanted = theirs.apply_transcription_request(
        audio=sounds, language=[None, "zh", "en"], prompt=["Ann, 周杰伦", None, None]
    )
    _, ours = loaded("random-original/model")
    asked = [question("Ann, 周杰伦"), question(language="zh"), question(language="en")]
    found = ours(text=asked, audio=sounds)
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[key], wanted[key]) for key in wanted)


@pytest.fixture(params=["hf", "original"])
def folder(request, tmp_path):
    return write_model(tmp_path / "model", request.param)


def refusal(folder, settings=PLAIN):
    with pytest.raises(ModelError) as error:
        load_folder(folder, Placement(settings))
    return str(error.value)


def change_weights(folder, change):
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def test_a_missing_tensor_is_an_error(folder):
    change_weights(folder, lambda w: w.pop(next(key for key in w if "mlp.up_proj" in key)))
    assert "1 of its tensors are missing" in refusal(folder)


def test_a_tensor_of_another_size_is_an_error(folder):
    def cut(weights):
        key = next(key for key in weights if "mlp.up_proj" in key)
        weights[key] = weights[key][1:].contiguous()

    change_weights(folder, cut)
    assert "1 of its tensors are missing or of another size" in refusal(folder)


def test_an_original_folder_would_load_with_random_weights_without_these_keys(folders):
    """What the checks are for: transformers itself does not mind."""
    original = folders / "random-original" / "model"
    config = load_folder(original, Placement(PLAIN))[0].model.config
    _, info = Qwen3ASRForConditionalGeneration.from_pretrained(
        original, config=config, output_loading_info=True
    )
    assert info["missing_keys"]


def test_weights_that_may_hold_code_are_not_read(folder):
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    assert "no weights in the safetensors format" in refusal(folder)


def test_a_folder_that_asks_for_code_of_its_own_gets_none_run(folder):
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config["auto_map"] = {"AutoTokenizer": ["evil.Tokenizer", None]}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text("raise SystemExit('run')")
    load_folder(folder, Placement(PLAIN))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"thinker_config": {}}'])
def test_a_damaged_description_is_an_error(folder, content):
    (folder / "config.json").write_text(content)
    assert "cannot be used" in refusal(folder)


def test_cut_weights_are_an_error(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    assert "its weights cannot be read" in refusal(folder)


def test_a_missing_tokenizer_is_an_error(folder):
    for name in ("tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json"):
        (folder / name).unlink(missing_ok=True)
    assert "its description cannot be read" in refusal(folder)


def test_nothing_is_put_on_the_disk_for_want_of_memory(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(Placement, "room", {"cpu": 10_000})
    assert "does not fit into memory" in refusal(folder)


def test_the_folder_may_lie_anywhere(folders, tmp_path):
    moved = tmp_path / "模型 with spaces"
    shutil.copytree(folders / "english-hf" / "model", moved)
    placed, _ = load_folder(moved, Placement(PLAIN))
    assert placed.device.type == "cpu"
