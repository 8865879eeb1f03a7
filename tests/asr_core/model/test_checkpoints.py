"""Public checkpoints against the outputs of the programs they come from."""

import json
import re
import shutil
from argparse import Namespace

import numpy as np
import pytest
import torch
import yaml
from public_conformers import espnet_shapes, firered_shapes, kaldi_matrix, wenet_shapes
from safetensors.torch import load_file, save_file

from asr_core.errors import ModelError
from asr_core.model.checkpoints import load_espnet, load_firered, load_wenet

LOADERS = {
    "wenet_u2pp": load_wenet,
    "wenet_conformer": load_wenet,
    "espnet_conformer": load_espnet,
    "firered_tiny": load_firered,
}
TOLERANCE = {"atol": 1e-4, "rtol": 0}  # of golden/README.md


@pytest.fixture(scope="module", params=LOADERS)
def case(request, shared_folder):
    """(name, model, golden tensors, features the model takes, their lengths)."""
    folder = shared_folder / "golden" / request.param
    model = LOADERS[request.param](folder).model
    io = load_file(folder / "io.safetensors")
    features = io["feats"]
    if not request.param.startswith("wenet"):  # stored normalized, while our model normalizes
        features = features / model.encoder.istd + model.encoder.mean
    with torch.inference_mode():
        yield request.param, model, io, features, io["feats_lengths"]


def test_every_utterance_of_a_padded_batch_encodes_as_it_does_alone(case):
    _, model, io, features, lengths = case
    features = features.clone()
    for i, length in enumerate(lengths):
        features[i, length:] = 17.0  # whatever lies behind the end must not matter
    encoder_out, out_lengths = model.encode(features, lengths)
    log_probs, _ = model.ctc_log_probs(encoder_out, out_lengths)
    for i, length in enumerate(out_lengths.tolist()):
        expected = io[f"single{i}.encoder_out"]
        assert length == len(expected)
        torch.testing.assert_close(encoder_out[i, :length], expected, **TOLERANCE)
        expected = io[f"single{i}.ctc_log_probs"]
        torch.testing.assert_close(log_probs[i, :length], expected, **TOLERANCE)


def test_an_utterance_alone_passes_through_the_same_stages(case):
    name, model, io, features, lengths = case
    i = int(lengths.argmax())
    n = int(lengths[i])
    prefix = "batch.stage" if name == "espnet_conformer" else "stage"
    states = []
    encoder_out, _ = model.encode(features[i : i + 1, :n], lengths[i : i + 1], states=states)
    torch.testing.assert_close(encoder_out[0], io[f"single{i}.encoder_out"], **TOLERANCE)
    assert len(states) == 1 + model.config.encoder.n_layers
    torch.testing.assert_close(states[0][0], io[f"{prefix}.embed"][i], **TOLERANCE)
    for k, state in enumerate(states[1:]):  # the longest has no padding for the peers to leak
        torch.testing.assert_close(state[0], io[f"{prefix}.block{k}"][i], **TOLERANCE)


def test_the_decoder_scores_given_tokens_as_its_origin_does(case):
    name, model, io, features, lengths = case
    encoder_out, out_lengths = model.encode(features, lengths)
    for i in range(len(lengths)):
        n = int(out_lengths[i])
        if name == "espnet_conformer":
            tokens, expected = io[f"single{i}.ys_in"], io[f"single{i}.decoder_log_probs"]
        else:
            length = int(io["ys_in_lengths"][i])
            tokens, expected = io["ys_in"][i, :length], io["decoder_log_probs"][i, :length]
            if name == "wenet_conformer":  # its decoder heard what padding leaked into
                encoder_out[i, :n] = io["encoder_out"][i, :n]
        cache = model.decoder.start(encoder_out[i : i + 1, :n], out_lengths[i : i + 1])
        found = model.decoder.score(tokens[None], cache)[0]
        torch.testing.assert_close(found, expected, **TOLERANCE)


def test_the_batch_is_scored_at_once_and_padding_is_harmless(case):
    name, model, io, features, lengths = case
    if name == "espnet_conformer":
        return  # its decoder was run one utterance at a time
    if name == "wenet_conformer":
        encoder_out, out_lengths = io["encoder_out"], io["encoder_out_lengths"]
    else:
        encoder_out, out_lengths = model.encode(features, lengths)
    cache = model.decoder.start(encoder_out, out_lengths)
    found = model.decoder.score(io["ys_in"], cache)
    for i, length in enumerate(io["ys_in_lengths"].tolist()):
        expected = io["decoder_log_probs"][i, :length]
        torch.testing.assert_close(found[i, :length], expected, **TOLERANCE)


def test_the_right_to_left_decoder_scores_reversed_tokens(shared_folder):
    folder = shared_folder / "golden" / "wenet_u2pp"
    model, io = load_wenet(folder).model, load_file(folder / "io.safetensors")
    with torch.inference_mode():
        encoder_out, lengths = model.encode(io["feats"], io["feats_lengths"])
        found = model.decoder_r2l.score(
            io["r_ys_in"], model.decoder_r2l.start(encoder_out, lengths)
        )
    for i, length in enumerate(io["ys_in_lengths"].tolist()):
        expected = io["r_decoder_log_probs"][i, :length]
        torch.testing.assert_close(found[i, :length], expected, **TOLERANCE)


def as_published(golden, folder):
    """A golden model in the files its makers publish."""
    folder.mkdir()
    weights = load_file(golden / "model.safetensors")
    if golden.name.startswith("wenet"):
        for name in ("train.yaml", "global_cmvn"):
            shutil.copy(golden / name, folder)
        for name in ("mean", "istd"):
            del weights[f"encoder.global_cmvn.{name}"]
        torch.save(weights, folder / "final.pt")
        return folder
    config = yaml.safe_load((golden / ("config.yaml")).read_text(encoding="utf-8"))
    mean, istd = (np.array(config["cmvn"][name]) for name in ("mean", "istd"))
    del config["cmvn"]
    sums, squares = 1000 * mean, 1000 * (istd**-2 + mean**2)
    if golden.name.startswith("firered"):
        package = {"args": Namespace(**config), "model_state_dict": weights}
        torch.save(package, folder / "model.pth.tar")
        (folder / "cmvn.ark").write_bytes(kaldi_matrix("DM", sums, squares, 1000))
        return folder
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    np.savez(folder / "feats_stats.npz", count=1000, sum=sums, sum_square=squares)
    torch.save(weights, folder / "valid.acc.ave.pth")
    return folder


@pytest.mark.parametrize("name", LOADERS)
def test_in_its_makers_files_it_is_the_same_model(shared_folder, tmp_path, name):
    golden = shared_folder / "golden" / name
    ours = LOADERS[name](golden).model
    found = LOADERS[name](as_published(golden, tmp_path / name)).model
    assert found.config == ours.config
    expected = ours.state_dict()
    assert found.state_dict().keys() == expected.keys()
    for weight, value in found.state_dict().items():
        torch.testing.assert_close(value, expected[weight], atol=1e-6, rtol=1e-5)


NAMES = {
    "wenet_u2pp": wenet_shapes,
    "espnet_conformer": espnet_shapes,
    "firered_tiny": firered_shapes,
}


@pytest.mark.parametrize("name", NAMES)
def test_made_up_models_have_the_names_of_real_ones(shared_folder, name):
    listed = json.loads((shared_folder / "golden" / name / "keys.json").read_text())
    real = {re.sub(r"\.\d+\.", ".0.", each["key"]): len(each["shape"]) for each in listed}
    ours = NAMES[name](9)
    ours |= {"decoder.tgt_word_prj.weight": (9, 16)} if name == "firered_tiny" else {}
    assert {re.sub(r"\.\d+\.", ".0.", key): len(shape) for key, shape in ours.items()} == real


@pytest.mark.parametrize(("chunk", "left"), [(16, -1), (4, -1), (4, 2), (8, 0)])
def test_chunk_masks_limit_what_a_frame_hears(shared_folder, chunk, left):
    folder = shared_folder / "golden" / "wenet_u2pp"
    model, io = load_wenet(folder).model, load_file(folder / "io.safetensors")
    with torch.inference_mode():
        found, lengths = model.encode(
            io["feats"], io["feats_lengths"], chunk_size=chunk, left_chunks=left
        )
    for i, length in enumerate(lengths.tolist()):
        expected = io[f"chunk{chunk}_left{left}.encoder_out"][i, :length]
        torch.testing.assert_close(found[i, :length], expected, **TOLERANCE)


def test_a_stream_fed_chunk_by_chunk_is_a_chunk_mask(shared_folder):
    folder = shared_folder / "golden" / "wenet_u2pp"
    model, io = load_wenet(folder).model, load_file(folder / "io.safetensors")
    with torch.inference_mode():
        for chunk, left in ((16, -1), (4, -1), (8, 1)):
            found, lengths = model.encode(
                io["feats"], io["feats_lengths"], chunk_size=chunk, left_chunks=left
            )
            for i, length in enumerate(lengths.tolist()):
                expected = io[f"stream{chunk}_left{left}.single{i}.encoder_out"]
                torch.testing.assert_close(found[i, :length], expected, **TOLERANCE)


@pytest.mark.parametrize("name", LOADERS)
def test_start_and_end_tokens_are_those_of_the_family(shared_folder, name):
    config = LOADERS[name](shared_folder / "golden" / name).model.config
    expected = {"wenet_u2pp": (2, 2), "firered_tiny": (3, 4)}.get(name, (59, 59))
    assert (config.sos_id, config.eos_id, config.blank_id) == (*expected, 0)


def changed(folder, tmp_path, change):
    """A copy of a model folder whose weights went through `change`."""
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("io.*", "*.json"))
    weights = load_file(copy / "model.safetensors")
    change(weights)
    save_file(weights, copy / "model.safetensors")
    return copy


@pytest.mark.parametrize("name", LOADERS)
def test_a_missing_weight_is_named(shared_folder, tmp_path, name):
    def lose(weights):
        del weights["ctc.ctc_lo.bias"]

    folder = changed(shared_folder / "golden" / name, tmp_path, lose)
    with pytest.raises(ModelError, match=r"1 are missing \(the first: ctc\.proj\.bias\)"):
        LOADERS[name](folder)


@pytest.mark.parametrize("name", LOADERS)
def test_an_unknown_weight_is_named(shared_folder, tmp_path, name):
    def add(weights):
        weights["encoder.adapter.weight"] = torch.zeros(2)

    folder = changed(shared_folder / "golden" / name, tmp_path, add)
    with pytest.raises(ModelError, match=r"1 are unknown \(the first: encoder\.adapter\.weight\)"):
        LOADERS[name](folder)


@pytest.mark.parametrize("name", LOADERS)
def test_a_weight_of_another_shape_is_named_with_both_shapes(shared_folder, tmp_path, name):
    def widen(weights):
        weights["ctc.ctc_lo.bias"] = torch.zeros(61)

    folder = changed(shared_folder / "golden" / name, tmp_path, widen)
    with pytest.raises(ModelError, match=r"ctc\.proj\.bias is \(61,\), not \(60,\)"):
        LOADERS[name](folder)


def test_tables_that_can_be_computed_and_losses_are_ignored(shared_folder, tmp_path):
    def add(weights):
        weights["encoder.embed.pos_enc.pe"] = torch.zeros(1, 5000, 64)
        weights["criterion_att.weight"] = torch.zeros(3)

    load_wenet(changed(shared_folder / "golden" / "wenet_u2pp", tmp_path, add))


def test_a_folder_without_weights_says_which_file_it_lacks(shared_folder, tmp_path):
    with pytest.raises(ModelError, match=r"has no file train\.yaml"):
        load_wenet(tmp_path)
    shutil.copy(shared_folder / "golden" / "wenet_u2pp" / "train.yaml", tmp_path)
    with pytest.raises(ModelError, match=r"has no file final\.pt"):
        load_wenet(tmp_path)


def test_damaged_weights_say_so(shared_folder, tmp_path):
    shutil.copy(shared_folder / "golden" / "wenet_u2pp" / "train.yaml", tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not weights at all")
    with pytest.raises(ModelError, match="is damaged"):
        load_wenet(tmp_path)


def test_a_model_of_an_unsupported_shape_is_refused_by_name(shared_folder, tmp_path):
    source = shared_folder / "golden" / "wenet_u2pp"
    folder = changed(source, tmp_path, lambda weights: None)
    settings = (
        (folder / "train.yaml").read_text().replace("input_layer: conv2d", "input_layer: vgg")
    )
    (folder / "train.yaml").write_text(settings)
    with pytest.raises(ModelError, match="input_layer: vgg"):
        load_wenet(folder)
