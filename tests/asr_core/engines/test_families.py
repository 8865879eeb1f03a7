"""Public Conformers in their makers' files. Random weights: that they run, not what they hear."""

import json
import shutil
import zipfile
from typing import get_args

import numpy as np
import public_conformers as public
import pytest
import torch
import yaml
from voice import conversation, voice

from asr_core.audio.segment import Window
from asr_core.cli import main
from asr_core.engines import load_engine, models
from asr_core.errors import ModelError
from asr_core.settings import DecodeMode, Settings
from asr_core.text.language import language_of

FAMILIES = {
    "firered": public.firered,
    "wenet": public.wenet,
    "espnet": public.espnet,
}


def engine_in(folder, **choices):
    return load_engine(Settings(engine=str(folder), device="cpu", precision="float32", **choices))


def window(seconds=3.0):
    return Window(2.0, voice(seconds), ((2.0, 2.0 + seconds),))


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request, tmp_path_factory):
    return FAMILIES[request.param](tmp_path_factory.mktemp("models") / request.param)


@pytest.mark.parametrize("mode", get_args(DecodeMode))
def test_every_mode_reads_what_the_vocabulary_can_say(folder, mode):
    engine = engine_in(folder)
    (found,) = engine.recognize([window()], Settings(decode=mode, beam_size=3))
    assert found.end == 5.0
    assert found.segments
    assert engine.decode(Settings(decode=mode)) == mode
    language = language_of(" ".join(segment.text for segment in found.segments))
    for segment in found.segments:
        assert set(segment.text) <= set("helo wrdas你好世界我们")
        assert segment.language == language
        for word in segment.words:
            assert 2.0 <= word.start <= word.end <= 5.0
            assert 0.0 <= word.confidence <= 1.0


@pytest.mark.parametrize("mode", get_args(DecodeMode))
def test_without_ctc_every_mode_is_attention(tmp_path, mode):
    engine = engine_in(public.firered(tmp_path / "aed-l", ctc=False))
    settings = Settings(decode=mode, beam_size=3)
    (found,) = engine.recognize([window()], settings)
    (expected,) = engine.recognize([window()], Settings(decode="attention", beam_size=3))
    assert engine.decode(settings) == "attention"
    assert found.segments == expected.segments != ()
    aligned = engine.align(window(), "你好 hello", "zh")
    assert [word.text for word in aligned.words] == ["你", "好", "hello"]
    assert engine.speed(settings).encoding > 0


def test_a_known_text_is_given_times(folder):
    engine = engine_in(folder)
    segment = engine.align(window(), "你好 Hello worlds，世界", "zh")
    words = [word.text for word in segment.words]
    assert words == ["你", "好", "hello", "worlds", "世", "界"]
    assert engine.align(window(), "xyz", "en") is None


def test_a_forced_language_is_kept(folder):
    engine = engine_in(folder)
    (found,) = engine.recognize([window()], Settings(language="en"))
    assert {segment.language for segment in found.segments} == {"en"}


@pytest.mark.parametrize("n_samples", [0, 100, 1000, 1600])
def test_sound_too_short_for_a_frame_says_nothing(folder, n_samples):
    short = Window(1.0, np.zeros(n_samples, np.float32), ((1.0, 1.0 + n_samples / 16_000),))
    for mode in get_args(DecodeMode):
        engine = engine_in(folder)
        (found,) = engine.recognize([short], Settings(decode=mode))
        assert all(1.0 <= word.start <= 1.1 for s in found.segments for word in s.words)


def test_the_command_line_runs_it_by_its_folder(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("asr_core.settings.settings_file", lambda: tmp_path / "settings.json")
    (tmp_path / "talk.wav").write_bytes(conversation(1))
    recording = str(tmp_path / "talk.wav")
    assert main(["transcribe", recording, "--model", str(folder), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["engine"] == folder.name
    assert document["segments"]


def test_it_is_added_to_the_models_and_chosen_by_name(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["models", "add", str(folder), "--name", "mine"]) == 0
    assert "mine" in models()
    assert engine_in("mine").name == "mine"


class Trap:
    """What a hostile pickle does when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


WEIGHTS = {"firered": "model.pth.tar", "wenet": "final.pt", "espnet": "valid.acc.ave_10best.pth"}


def spoiled(folder, tmp_path):
    """A copy of a folder, and its file of weights."""
    copy = shutil.copytree(folder, tmp_path / folder.name)
    return copy, copy / WEIGHTS[folder.name]


def test_a_pickle_that_would_run_something_is_refused_and_not_run(folder, tmp_path):
    copy, weights = spoiled(folder, tmp_path)
    torch.save({"model_state_dict": Trap(tmp_path / "sprung")}, weights)
    with pytest.raises(ModelError, match="holds more than weights, which Sottovoce does not run"):
        engine_in(copy)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("cut", [0, 10, 1000, -100])
def test_a_file_of_weights_that_was_cut_short_is_one_sentence(folder, tmp_path, cut):
    copy, weights = spoiled(folder, tmp_path)
    weights.write_bytes(weights.read_bytes()[:cut])
    with pytest.raises(ModelError, match=r"is damaged.*Copy it again"):
        engine_in(copy)


def test_a_torchscript_program_is_refused_by_name(folder, tmp_path):
    copy, weights = spoiled(folder, tmp_path)
    with zipfile.ZipFile(weights, "w") as archive:
        archive.writestr("final/constants.pkl", b"")
    with pytest.raises(ModelError, match="TorchScript program"):
        engine_in(copy)


def test_a_lost_weight_is_named(folder, tmp_path):
    copy, weights = spoiled(folder, tmp_path)
    package = torch.load(weights, weights_only=False)
    package.get("model_state_dict", package).pop("ctc.ctc_lo.bias")
    torch.save(package, weights)
    with pytest.raises(ModelError, match=r"1 are missing \(the first: ctc\.proj\.bias\)"):
        engine_in(copy)


FILES = {
    "firered": ["cmvn.ark", "dict.txt"],
    "wenet": ["final.pt", "units.txt"],
    "espnet": ["feats_stats.npz", "valid.acc.ave_10best.pth"],
}


def test_a_lost_file_is_named(folder, tmp_path):
    for name in FILES[folder.name]:
        copy, _ = spoiled(folder, tmp_path / name)
        (copy / name).unlink()
        with pytest.raises(ModelError, match=rf"({name}|model\.pth)"):
            engine_in(copy)


@pytest.mark.parametrize("lines", ["", "<blank> 0\n", "<blank> 0\n<unk> 2\n", "\n" * 30], ids=repr)
def test_a_vocabulary_that_does_not_fit_is_one_sentence(tmp_path, lines):
    folder = public.firered(tmp_path / "mine")
    (folder / "dict.txt").write_text(lines)
    with pytest.raises(ModelError, match="The vocabulary of the model 'mine'"):
        engine_in(folder)


def test_what_is_no_package_of_firered_is_one_sentence(tmp_path):
    folder = public.firered(tmp_path / "mine")
    for package in ([1], {"args": 1, "model_state_dict": {}}, {"model_state_dict": {"a": 1}}):
        torch.save(package, folder / "model.pth.tar")
        with pytest.raises(ModelError, match="'mine' is damaged or of another kind"):
            engine_in(folder)


@pytest.mark.parametrize("cmvn", ["json", "kaldi"])
def test_wenets_statistics_may_lie_in_a_file(tmp_path, cmvn):
    engine = engine_in(public.wenet(tmp_path / "mine", cmvn=cmvn))
    mean = engine._model.encoder.mean
    torch.testing.assert_close(mean, torch.from_numpy(public.SUMS / public.COUNT).float())
    (tmp_path / "mine" / "global_cmvn").write_text("[ 1 2")
    with pytest.raises(ModelError, match="global_cmvn in the model folder 'mine' is damaged"):
        engine_in(tmp_path / "mine")
    (tmp_path / "mine" / "global_cmvn").unlink()
    with pytest.raises(ModelError, match="'mine' has no file global_cmvn"):
        engine_in(tmp_path / "mine")


def test_old_models_of_wenet_begin_and_end_with_their_last_symbol(tmp_path):
    old = engine_in(public.wenet(tmp_path / "old", special=False))
    new = engine_in(public.wenet(tmp_path / "new"))
    assert old._model.config == new._model.config
    assert old._model.config.eos_id == len(public.WENET) - 1


def test_rescoring_asks_the_reader_from_behind(tmp_path):
    engine = engine_in(public.wenet(tmp_path / "mine"))
    calls = []
    engine._model.decoder_r2l.norm.register_forward_hook(lambda *_: calls.append(1))
    list(engine.recognize([window()], Settings(decode="joint")))
    assert not calls
    list(engine.recognize([window()], Settings(decode="rescore")))
    assert calls


REFUSED = {
    "rel_pos_type": ("legacy", "rel_pos_type: legacy"),
    "input_layer": ("conv2d6", "input_layer: conv2d6"),
    "macaron_style": (False, "macaron_style: False"),
    "normalize_before": (False, "normalize_before: False"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_espnet_does_otherwise_is_refused_by_name(tmp_path, name):
    value, told = REFUSED[name]
    folder = public.espnet(tmp_path / "mine", **{name: value})
    with pytest.raises(ModelError, match=f"'mine' has {told}.*Choose another model"):
        engine_in(folder)


def settings_changed(path, change):
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(config)
    path.write_text(yaml.safe_dump(config), encoding="utf-8")


def test_silence_about_positions_means_the_old_ones(tmp_path):
    folder = public.espnet(tmp_path / "mine")
    settings_changed(folder / "config.yaml", lambda c: c["encoder_conf"].pop("rel_pos_type"))
    with pytest.raises(ModelError, match="rel_pos_type: legacy"):
        engine_in(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("encoder", "e_branchformer"),
        ("frontend", "s3prl"),
        ("normalize", "utterance_mvn"),
        ("frontend_conf", {"fs": "8k"}),
        ("token_list", [1, 2]),
    ],
)
def test_other_kinds_of_espnet_are_one_sentence(tmp_path, name, value):
    folder = public.espnet(tmp_path / "mine")
    settings_changed(folder / "config.yaml", lambda c: c.update({name: value}))
    with pytest.raises(ModelError, match="'mine'"):
        engine_in(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("encoder", "e_branchformer"),
        ("encoder_conf", {"input_layer": "conv2d8"}),
        ("dataset_conf", {"resample_conf": {"resample_rate": 8000}}),
        ("dataset_conf", {"fbank_conf": {"frame_shift": 12.5}}),
        ("ctc_conf", {"ctc_blank_id": 3}),
        ("model_conf", {"reverse_weight": "much"}),
    ],
)
def test_other_kinds_of_wenet_are_one_sentence(tmp_path, name, value):
    folder = public.wenet(tmp_path / "mine")
    settings_changed(folder / "train.yaml", lambda c: c.update({name: value}))
    with pytest.raises(ModelError, match="'mine'"):
        engine_in(folder)


def test_of_several_files_of_weights_one_must_be_chosen(tmp_path):
    folder = public.espnet(tmp_path / "mine")
    (folder / "lm.pth").write_bytes(b"")
    with pytest.raises(ModelError, match=r"\(lm\.pth, valid\.acc\.ave_10best\.pth\)"):
        engine_in(folder)


def test_espnets_hop_is_the_rate_of_its_frames(tmp_path):
    folder = public.espnet(tmp_path / "mine")
    settings_changed(folder / "config.yaml", lambda c: c.update(frontend_conf={"fs": 16_000}))
    engine = engine_in(folder)
    assert engine._model.config.frame_rate == 31.25  # a hop of 128, which is what silence means
    sound = np.zeros(16_000, np.float32)
    assert engine._states([sound])[0].shape[0] == pytest.approx(31.25, abs=1.5)


def as_archived(folder):
    """An ESPnet model as its project packs it: files in folders, and where they lie."""
    places = {
        "config.yaml": "exp/asr_train",
        "valid.acc.ave_10best.pth": "exp/asr_train",
        "feats_stats.npz": "exp/asr_stats/train",
    }
    for name, place in places.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / name).rename(folder / place / name)
    meta = {
        "espnet": "202301",
        "files": {"asr_model_file": "exp/asr_train/valid.acc.ave_10best.pth"},
        "yaml_files": {"asr_train_config": "exp/asr_train/config.yaml"},
    }
    (folder / "meta.yaml").write_text(yaml.safe_dump(meta))
    return folder


def test_espnets_archives_say_where_their_files_lie(tmp_path):
    flat = engine_in(public.espnet(tmp_path / "flat"))
    packed = engine_in(as_archived(public.espnet(tmp_path / "packed")))
    settings = Settings(beam_size=3)
    assert [*packed.recognize([window()], settings)] == [*flat.recognize([window()], settings)]


@pytest.mark.parametrize("path", ["../flat/config.yaml", "/etc/hostname", 3])
def test_no_file_outside_the_folder_is_read(tmp_path, path):
    public.espnet(tmp_path / "flat")
    folder = as_archived(public.espnet(tmp_path / "packed"))
    settings_changed(folder / "meta.yaml", lambda m: m["yaml_files"].update(asr_train_config=path))
    with pytest.raises(ModelError, match="'packed' is damaged or of another kind"):
        engine_in(folder)
