"""Smoothing changes nothing in float, and makes 8 bits lose less where there are outliers."""

from dataclasses import replace

import pytest
import torch

from asr_core.model.checkpoints import load_firered, load_wenet
from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import HybridModel, ModelConfig
from asr_core.quantize.parts import Forms, quantize
from asr_core.quantize.smoothquant import (
    ALPHAS,
    chosen_factors,
    migration,
    observing,
    smooth,
    smoothed_layers,
)

ENCODER = EncoderConfig(n_mels=20, d_model=32, n_heads=2, n_layers=2, d_ff=64)
DECODER = DecoderConfig(vocab_size=48, d_model=32, n_heads=2, n_layers=2, d_ff=64)


@pytest.fixture
def make(randomized):
    """The same random model with outliers: some channels of its norms are 50 times the others."""

    def make(**choices):
        torch.manual_seed(0)
        decoder = replace(DECODER, **choices)
        model = randomized(HybridModel(ModelConfig(ENCODER, decoder, 48)))
        with torch.no_grad():
            for norm, _ in smoothed_layers(model).values():
                norm.weight[3] *= 50
                norm.weight[17] *= 30
        return model

    return make


@torch.inference_mode()
def computed(model, seed=0):
    torch.manual_seed(seed)
    features, lengths = torch.randn(2, 60, model.config.encoder.n_mels), torch.tensor([60, 44])
    states, n_frames = model.encode(features, lengths)
    ctc, _ = model.ctc_log_probs(states, n_frames)
    tokens = torch.arange(6, 14)[None].expand(2, -1)
    return states, ctc, model.decoder.score(tokens, model.decoder.start(states, n_frames))


def factors_of(model):
    with observing(model) as observed:
        computed(model, seed=1)
    return chosen_factors(model, observed)


@pytest.mark.parametrize("tied_output", [False, True])
def test_in_float_nothing_changes(make, tied_output):
    model = make(tied_output=tied_output)
    before = computed(model)
    factors, _ = factors_of(model)
    assert len(factors) > 10
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    after = computed(smooth(model, factors))
    changed = {name for name, value in model.state_dict().items() if (value != weights[name]).any()}
    assert len(changed) >= 3 * len(factors)  # weight and bias of the norm, a layer
    assert "decoder.embed.weight" not in changed
    for found, right in zip(after, before, strict=True):
        torch.testing.assert_close(found, right, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["wenet_u2pp", "firered_tiny"])
def test_public_conformers_stay_the_same_too(shared_folder, name):
    load = {"wenet_u2pp": load_wenet, "firered_tiny": load_firered}[name]
    model = load(shared_folder / "golden" / name).model
    before = computed(model)
    layers = smoothed_layers(model)
    torch.manual_seed(2)
    factors = {
        norm: torch.rand(module.normalized_shape) * 9.9 + 0.1
        for norm, (module, _) in layers.items()
    }
    for found, right in zip(computed(smooth(model, factors)), before, strict=True):
        torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-4)


def test_8_bits_lose_less_of_a_model_with_outliers(make):
    right = computed(make())
    rough = computed(quantize(make(), Forms("int8", "int8", "int8")))
    model = make()
    factors, alphas = factors_of(model)
    assert set(alphas.values()) <= set(ALPHAS)
    fine = computed(quantize(smooth(model, factors), Forms("int8", "int8", "int8")))
    for a, b, c in zip(rough, fine, right, strict=True):
        assert (b - c).square().mean() < 0.7 * (a - c).square().mean()


def test_a_factor_is_what_the_paper_says():
    largest = torch.tensor([16.0, 1.0])
    weight = torch.tensor([[0.25, -4.0], [-0.01, 2.0]])
    assert migration(largest, weight, 0.5).tolist() == pytest.approx([8.0, 0.5])
    assert migration(largest, weight, 1.0).tolist() == pytest.approx([16.0, 1.0])
    assert migration(largest, weight, 0.0).tolist() == pytest.approx([4.0, 0.25])


def test_listening_ends_and_a_long_recording_takes_no_more_memory(make):
    model = make()
    with observing(model) as observed:
        for seed in range(80):
            computed(model, seed)
    n_rows = {len(torch.cat(seen.rows)) for seen in observed.values()}
    assert max(n_rows) < 64 * 64 + 512
    assert observed.keys() == smoothed_layers(model).keys()
    before = {name: seen.largest for name, seen in observed.items()}
    computed(model, 99)
    assert all(seen.largest is before[name] for name, seen in observed.items())
