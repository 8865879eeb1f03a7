"""A quantized model is the model: only the parts asked for change, and by little."""

import pytest
import torch

from asr_core.model.checkpoints import load_espnet, load_firered, load_wenet
from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import HybridModel, ModelConfig
from asr_core.model.linear import Linear
from asr_core.quantize.layers import QuantizedLinear
from asr_core.quantize.parts import Forms, quantize, size_of

ENCODER = EncoderConfig(n_mels=20, d_model=32, n_heads=2, n_layers=2, d_ff=64)
DECODER = DecoderConfig(vocab_size=48, d_model=32, n_heads=2, n_layers=2, d_ff=64)
TIED = DecoderConfig(48, d_model=32, n_heads=2, n_layers=1, d_ff=64, tied_output=True)
QUANTIZED = ["int8", "int8_weights", "int4"]
PARTS = ["encoder", "ctc", "decoder"]


@pytest.fixture
def make(randomized):
    def make(decoder=TIED, **config):
        torch.manual_seed(0)
        model = HybridModel(ModelConfig(ENCODER, decoder, 48, language_head=True, **config))
        return randomized(model).eval()

    return make


def computed(model):
    """Encoder states and all log probabilities of made-up sound."""
    torch.manual_seed(1)
    features, lengths = torch.randn(2, 60, model.config.encoder.n_mels), torch.tensor([60, 44])
    with torch.inference_mode():
        states, n_frames = model.encode(features, lengths)
        fixed = torch.randn(states.shape)  # so that each part is asked the same
        ctc, _ = model.ctc_log_probs(fixed, n_frames)
        tokens = torch.arange(6, 14)[None].expand(2, -1)
        decoder = model.decoder
        whole = decoder.score(tokens, decoder.start(fixed, n_frames))
        step = decoder.step(tokens, decoder.start(fixed, n_frames))
    return {"encoder": states, "ctc": ctc, "decoder": whole, "step": step}


@pytest.mark.parametrize("form", QUANTIZED)
@pytest.mark.parametrize("part", PARTS)
def test_a_switch_touches_its_part_only(make, part, form):
    before = computed(make())
    model = quantize(make(), Forms(**{part: form}))
    after = computed(model)
    for other in PARTS:
        layers = [type(m) for m in getattr(model, other).modules()]
        assert (Linear in layers) == (other != part)
        assert any(issubclass(layer, QuantizedLinear) for layer in layers) == (other == part)
        assert torch.equal(after[other], before[other]) == (other != part)
    assert isinstance(model.language.out, Linear)
    torch.testing.assert_close(after["step"], after["decoder"], rtol=0, atol=5e-4)


@pytest.mark.parametrize(("form", "share"), [("int8", 0.06), ("int8_weights", 0.04), ("int4", 0.4)])
@pytest.mark.parametrize("decoder", [TIED, DECODER])
def test_what_it_computes_moves_by_little(make, decoder, form, share):
    before = computed(make(decoder))
    after = computed(quantize(make(decoder), Forms(form, form, form)))
    for name, right in before.items():
        off = (after[name] - right).square().mean().sqrt()
        assert 0 < off <= share * (right - right.mean()).square().mean().sqrt()


@pytest.mark.parametrize("form", QUANTIZED)
def test_a_part_that_adds_nothing_goes_on_adding_nothing_and_others_are_not_lost(make, form):
    model = make()
    block = model.encoder.blocks[0]
    with torch.no_grad():
        for weight in block.ff1.last_layer():
            weight.zero_()
    model.eval()
    assert block.ff1.silent
    assert not block.ff2.silent
    before = computed(model)["encoder"]
    quantize(model, Forms(encoder=form)).eval()
    assert not block.ff2.silent
    after = computed(model)["encoder"]
    assert (after - before).square().mean() <= 0.1 * before.square().mean()
    x = torch.randn(1, 5, 32)
    with torch.inference_mode():
        assert not block.ff1(x).any()


@pytest.mark.parametrize("form", QUANTIZED)
@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("wenet_u2pp", load_wenet),
        ("espnet_conformer", load_espnet),
        ("firered_tiny", load_firered),
    ],
)
def test_public_conformers_run_in_every_form(shared_folder, name, load, form):
    folder = shared_folder / "golden" / name
    plain = load(folder).model
    expected = computed(plain)
    found = computed(quantize(load(folder).model, Forms(form, form, form, group=16)))
    for part, right in expected.items():
        assert found[part].isfinite().all()
        off = (found[part] - right).square().mean().sqrt()
        assert 0 < off <= 0.5 * (right - right.mean()).square().mean().sqrt()


def test_the_size_is_that_of_the_codes(make):
    floats = size_of(make())
    weights = sum(p.numel() for p in make().parameters() if p.dim() == 2)
    eight = size_of(quantize(make(), Forms(*["int8_weights"] * 3)))
    dynamic = size_of(quantize(make(), Forms(*["int8"] * 3)))
    four = size_of(quantize(make(), Forms(*["int4"] * 3)))
    assert (
        floats.stored
        == floats.in_memory
        == 4 * sum(p.numel() for p in make().parameters())
        + sum(b.numel() * b.element_size() for b in make().buffers())
    )
    assert floats.stored - eight.stored > 2 * weights  # most of 3 bytes a weight
    assert four.stored < eight.stored <= dynamic.stored <= dynamic.in_memory
    assert eight.in_memory == eight.stored
