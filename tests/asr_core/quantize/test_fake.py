"""What is trained computes as what is used will, lets gradients pass, and freezes the rest."""

import pytest
import torch

from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import HybridModel, ModelConfig
from asr_core.model.linear import Linear
from asr_core.quantize.fake import FakeQuantized, fake_quantize, fake_quantize_layers
from asr_core.quantize.parts import Forms, quantize, quantized_layer

ENCODER = EncoderConfig(n_mels=20, d_model=32, n_heads=2, n_layers=1, d_ff=64)
DECODER = DecoderConfig(vocab_size=48, d_model=32, n_heads=2, n_layers=2, d_ff=64)
TIED = DecoderConfig(48, d_model=32, n_heads=2, n_layers=2, d_ff=64, tied_output=True)
FORMS = ["int8", "int8_weights", "int4_weights"]


@pytest.fixture
def make(randomized):
    def make(decoder=TIED):
        return randomized(HybridModel(ModelConfig(ENCODER, decoder, 48)))

    return make


def layer_of(form, learns=True):
    torch.manual_seed(0)
    layer = Linear(64, 48)
    layer.weight.requires_grad_(learns)
    return layer, FakeQuantized(layer, form, 32)


def scored(model):
    torch.manual_seed(1)
    features, lengths = torch.randn(2, 60, 20), torch.tensor([60, 44])
    with torch.inference_mode():
        states, n_frames = model.encode(features, lengths)
        ctc, _ = model.ctc_log_probs(states, n_frames)
        tokens = torch.arange(6, 14)[None].expand(2, -1)
        return ctc, model.decoder.score(tokens, model.decoder.start(states, n_frames))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("decoder", [TIED, DECODER])
def test_it_computes_what_the_codes_will(make, form, decoder):
    forms = Forms(form, form, form)
    exact = scored(make(decoder))
    codes = scored(quantize(make(decoder), forms))
    fake = scored(fake_quantize(make(decoder), forms))
    for found, wanted, right in zip(fake, codes, exact, strict=True):
        lost = (wanted - right).square().mean().sqrt()
        assert lost > 0.001  # or it would prove nothing
        assert (found - wanted).square().mean().sqrt() < 0.1 * lost


@pytest.mark.parametrize("form", FORMS)
def test_parts_of_a_layer_agree_with_those_of_codes(form):
    layer, fake = layer_of(form)
    with torch.inference_mode():
        codes = quantized_layer(layer, form, 32, True)
        x, units = torch.randn(2, 5, 64), torch.tensor([3, 0, 47])
        torch.testing.assert_close(fake(x), codes(x), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(fake.time_last(x), codes.time_last(x), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(fake.rows(units), codes.rows(units))
        of_units = fake.of_units(x, units), codes.of_units(x, units)
        torch.testing.assert_close(*of_units, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_gradients_are_those_of_the_layer_with_the_rounded_weights(form):
    layer, fake = layer_of(form)
    x = torch.randint(-127, 128, (9, 64)).float()  # which 8 bits hold
    x[:, 0] = 127
    x.requires_grad_(True)
    fake.train()(x).square().sum().backward()
    found = layer.weight.grad.clone(), layer.bias.grad.clone(), x.grad.clone()
    plain = Linear(64, 48)
    with torch.no_grad():
        plain.weight.copy_(fake.eval().rounded())
        plain.bias.copy_(layer.bias)
    x.grad = None
    plain(x).square().sum().backward()
    for ours, theirs in zip(found, (plain.weight.grad, plain.bias.grad, x.grad), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-2)


def test_what_is_kept_for_evaluation_is_made_anew_after_a_step():
    layer, fake = layer_of("int4")
    before = fake.eval().rounded()
    assert fake.rounded() is before
    with torch.no_grad():
        layer.weight.mul_(2)
    fake.train()
    assert not torch.equal(fake.eval().rounded(), before)


def test_what_does_not_learn_is_rounded_once_and_can_be_learned_through():
    layer, fake = layer_of("int8", learns=False)
    with torch.inference_mode():
        fake(torch.randn(2, 64))
    x = torch.randn(2, 64, requires_grad=True)
    fake.train()(x).sum().backward()
    assert x.grad is not None
    assert layer.weight.grad is None


def test_only_the_layers_of_the_decoder_learn(make):
    model = fake_quantize(make(), Forms("int4", "int4", "int4"))
    learned = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert {name.split(".blocks.")[0] for name in learned} == {"decoder"}
    assert "decoder.blocks.1.cross_attn.k.weight" in learned
    assert all(isinstance(m, FakeQuantized) for m in model.modules() if isinstance(m, Linear))
    assert model.decoder.out.weight is model.decoder.embed.layer.weight


def test_names_and_weights_stay_those_of_the_float_model(make):
    before = dict(make().named_parameters())
    after = dict(fake_quantize(make(), Forms("int4", "int4", "int4")).named_parameters())
    same = before.keys() & after.keys()
    assert before.keys() - same == {"decoder.embed.weight"}
    assert all(torch.equal(before[name], after[name]) for name in same)


def test_groups_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="groups of 48 in rows of 64"):
        FakeQuantized(Linear(64, 8), "int4", 48)


def test_layers_of_any_model_can_be_put_into_a_form():
    part = torch.nn.Sequential(torch.nn.Linear(32, 32), torch.nn.Linear(32, 8)).requires_grad_(
        False
    )
    fake_quantize_layers(part, "int4", 32, learns=True)
    assert all(isinstance(layer, FakeQuantized) and layer.learns for layer in part)
    assert set(dict(part.named_parameters())) == {"0.weight", "0.bias", "1.weight", "1.bias"}
