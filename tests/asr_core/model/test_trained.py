"""Trained weights on the disk: nearly the same, and refused when damaged."""

import pickle
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from asr_core.errors import ModelError
from asr_core.model import trained
from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.growth import is_new
from asr_core.model.hybrid import HybridModel, ModelConfig

ENCODER = EncoderConfig(d_model=64, n_heads=2, n_layers=1, d_ff=128, conv_norm="layer_norm")
DECODER = DecoderConfig(vocab_size=100, d_model=64, n_heads=2, n_layers=1, d_ff=128)


EQUAL = {share: {"encoder": share, "decoder": share} for share in (0.0, 0.5, 0.8, 1.0)}


def model():
    torch.manual_seed(0)
    return HybridModel(ModelConfig(ENCODER, DECODER, n_units=100)).eval().requires_grad_(False)


@pytest.fixture
def changed():
    found = model()
    for weight in found.parameters():
        weight += 0.01 * torch.randn(weight.shape)
    return found


@pytest.fixture
def folder(changed, tmp_path):
    original = dict(model().named_parameters())
    changes = trained.packed(dict(changed.named_parameters()), original, is_new)
    trained.save(changes, replace(changed.config, tail=1.0), tmp_path)
    return tmp_path


def test_what_is_loaded_is_nearly_what_was_saved(changed, folder):
    found = model()
    trained.apply(trained.load(folder), found, is_new)
    for name, weight in changed.named_parameters():
        size = 0.01 if not is_new(name) else float(weight.abs().max())
        torch.testing.assert_close(
            dict(found.named_parameters())[name], weight, atol=0.02 * size + 2e-4, rtol=0
        )
    assert trained.load_config(folder).tail == 1.0


def test_what_is_changed_again_comes_back_and_the_rest_stays_bit_for_bit(folder):
    shares, changes, once, found = EQUAL[0.8], trained.load(folder), model(), model()
    trained.apply(changes, once, is_new, shares)
    weights = dict(once.named_parameters())
    names = [n for n in weights if ".conv." in n or n.startswith("decoder.blocks.")]
    others = {name: weights[name] * 1.5 for name in names}
    original = dict(model().named_parameters())
    again = trained.changed_again(changes, others, original, is_new, shares)
    trained.apply(again, found, is_new, shares)
    for name, weight in found.named_parameters():
        if name in others:
            torch.testing.assert_close(weight, others[name], rtol=2e-3, atol=2e-4)
        else:
            assert torch.equal(weight, weights[name])


def test_half_of_the_change_lies_half_way_to_the_original(folder):
    original, whole, half, none = model(), model(), model(), model()
    for found, share in ((whole, 1.0), (half, 0.5), (none, 0.0)):
        trained.apply(trained.load(folder), found, is_new, EQUAL[share])
    all_of_it = dict(whole.named_parameters())
    rest = dict(none.named_parameters())
    before = dict(original.named_parameters())
    for name, weight in half.named_parameters():
        if is_new(name) and ".conv.reduce." not in name:
            torch.testing.assert_close(weight, all_of_it[name])
            continue
        torch.testing.assert_close(weight, (all_of_it[name] + rest[name]) / 2)
        expected = torch.zeros_like(weight) if is_new(name) else before[name]
        torch.testing.assert_close(rest[name], expected)


def test_eight_bits_a_number(folder, changed):
    n = sum(weight.numel() for weight in changed.parameters())
    assert (folder / trained.WEIGHTS).stat().st_size < 1.3 * n


RAN = Path(tempfile.gettempdir(), "a-pickle-was-run")


class Payload:
    """What a pickle would run when it is read."""

    def __reduce__(self):
        return (RAN.touch, ())


DAMAGES = {
    "a flipped bit": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "a cut tail": lambda data: data[: len(data) // 2],
    "an empty file": lambda data: b"",
    "a pickle": lambda data: pickle.dumps(Payload()),
    "no weights": lambda data: b"\xff" * 64,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_weights_are_a_sentence(folder, damage):
    path = folder / trained.WEIGHTS
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(
        ModelError, match=r"cannot be used: its weights are damaged .* Copy its folder"
    ):
        trained.load(folder)


@pytest.mark.parametrize("damage", [damage for damage in DAMAGES if damage != "a flipped bit"])
def test_what_comes_with_a_digest_of_its_own_is_read_as_weights_or_not_at_all(folder, damage):
    path = folder / trained.WEIGHTS
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    (folder / trained.DIGEST).write_text(f"{trained.sha256(folder)}  {trained.WEIGHTS}\n")
    with pytest.raises(ModelError, match=r"cannot be used: its weights are no weights"):
        trained.load(folder)
    assert not RAN.exists()


def test_missing_weights_are_a_sentence(folder):
    (folder / trained.WEIGHTS).unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        trained.load(folder)


def test_weights_of_another_model_are_refused(folder):
    small = HybridModel(ModelConfig(replace(ENCODER, d_ff=64), DECODER, n_units=100)).eval()
    with pytest.raises(ModelError, match="do not fit"):
        trained.apply(trained.load(folder), small, is_new)


def test_a_damaged_configuration_is_refused(folder):
    (folder / trained.CONFIG).write_text("{}")
    with pytest.raises(ModelError, match="configuration"):
        trained.load_config(folder)


def test_each_part_has_a_share_of_its_own(folder):
    found, halves = model(), {share: model() for share in (0.5, 0.8)}
    for share, half in halves.items():
        trained.apply(trained.load(folder), half, is_new, EQUAL[share])
    trained.apply(trained.load(folder), found, is_new, {"encoder": 0.5, "decoder": 0.8})
    shares = {"encoder": 0.5, "decoder": 0.8}
    for name, weight in found.named_parameters():
        expected = halves[shares.get(name.split(".")[0], 0.5)]
        assert torch.equal(weight, dict(expected.named_parameters())[name])


def test_one_share_of_an_older_configuration_is_that_of_both_parts():
    text = model().config.to_json().replace('"change_share": {}', '"change_share": 0.8')
    assert ModelConfig.from_json(text).change_share == EQUAL[0.8]
