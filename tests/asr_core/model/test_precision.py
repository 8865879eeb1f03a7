"""Where a model runs, how exactly, and what happens when 16 bits are too few."""

import pytest
import torch

from asr_core.errors import AsrError
from asr_core.model import precision
from asr_core.model.checkpoints import load_espnet, load_firered, load_wenet
from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import HybridModel, ModelConfig
from asr_core.model.precision import place

ENCODER = EncoderConfig(n_mels=20, d_model=16, n_heads=2, n_layers=1, d_ff=24)
DECODER = DecoderConfig(vocab_size=9, d_model=16, n_heads=2, n_layers=1, d_ff=24)


@pytest.fixture
def model(randomized):
    return randomized(HybridModel(ModelConfig(ENCODER, DECODER, n_units=9, language_head=True)))


# Largest difference from float32 in encoder states and in log probabilities; as stated in
# asr_core/model/precision.py.
TOLERANCES = {"float16": (0.01, 0.02), "bfloat16": (0.05, 0.15)}


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("wenet_u2pp", load_wenet),
        ("wenet_conformer", load_wenet),
        ("espnet_conformer", load_espnet),
        ("firered_tiny", load_firered),
    ],
)
def test_half_precision_differs_by_no_more_than_stated(shared_folder, name, load, dtype):
    torch.manual_seed(0)
    states_tolerance, log_probs_tolerance = TOLERANCES[dtype]
    folder = shared_folder / "golden" / name
    found = {}
    for kind in ("float32", dtype):
        placement = place(load(folder).model, "cpu", kind)
        model = placement.model
        torch.manual_seed(0)
        features = torch.randn(2, 90, 80) / model.encoder.istd + model.encoder.mean
        states, lengths = placement.encode(features, torch.tensor([90, 70]))
        with placement.autocast(), torch.inference_mode():
            ctc, _ = model.ctc_log_probs(states, lengths)
            tokens = torch.arange(5, 13)[None].expand(2, -1)
            attention = model.decoder.score(tokens, model.decoder.start(states, lengths))
        assert {t.dtype for t in (states, ctc, attention)} == {torch.float32}
        found[kind] = (states, ctc, attention)
    states, ctc, attention = (
        float((a - b).abs().max()) for a, b in zip(found["float32"], found[dtype], strict=True)
    )
    assert 0 < states <= states_tolerance
    assert 0 < ctc <= log_probs_tolerance
    assert 0 < attention <= log_probs_tolerance


def test_matrices_become_16_bit_and_norms_stay_float32(model):
    placement = place(model, "cpu", "bfloat16")
    assert placement.model.encoder.blocks[0].ff1.expand.weight.dtype == torch.bfloat16
    assert placement.model.decoder.embed.weight.dtype == torch.bfloat16
    assert placement.model.encoder.blocks[0].ff1.norm.weight.dtype == torch.float32
    assert placement.model.encoder.blocks[0].conv.inner_norm.running_var.dtype == torch.float32


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")
def test_float32_is_computed_by_the_faster_library_with_the_same_result(model, monkeypatch):
    features, lengths = torch.randn(2, 40, 20), torch.tensor([40, 30])
    with torch.inference_mode():
        expected, _ = model.encode(features, lengths)
        monkeypatch.setattr(precision, "onednn_is_faster", lambda dtype: True)
        placement = place(model, "cpu", "float32")
        assert model.encoder.blocks[0].ff1.expand.packed is not None
        torch.testing.assert_close(placement.encode(features, lengths)[0], expected)


def test_the_whole_model_is_mapped_to_one_device(model):
    placement = place(model, "cpu", "float32")
    assert set(placement.device_map.values()) == {"cpu"}
    assert placement.describe() == {
        "device": "cpu",
        "precision": "float32",
        "encoder": "torch",
        "notes": [],
    }


def test_values_that_overflow_16_bits_make_the_model_float32(model):
    torch.manual_seed(0)
    features, lengths = torch.randn(2, 40, 20), torch.tensor([40, 30])
    model.encoder.blocks[0].ff1.reduce.weight.mul_(3e7)
    model.encoder.blocks[0].ff1.reduce.weight.clamp_(-6e4, 6e4)
    expected, _ = model.encode(features, lengths)
    placement = place(model, "cpu", "float16")
    with placement.autocast(), torch.inference_mode():
        assert not model.encode(features, lengths)[0].isfinite().all()
        found, _ = placement.encode(features, lengths)
    assert found.isfinite().all()
    assert placement.dtype == torch.float32
    assert placement.notes == ["float16 overflowed; going on in float32."]
    torch.testing.assert_close(found, expected, atol=2e-2, rtol=1e-2)
    assert placement.encode(features, lengths)[0].isfinite().all()
    assert len(placement.notes) == 1


@pytest.mark.parametrize("device", ["cuda:63", "tpu9", "xpu", "nonsense"])
def test_a_device_that_is_not_there_is_named(model, device):
    with pytest.raises(AsrError, match=rf"no device '{device}'"):
        place(model, device)


@pytest.mark.parametrize(
    ("capabilities", "seconds", "expected"),
    [
        ({}, [], "float32"),
        ({"avx512_bf16": True}, [2.0, 1.0], "bfloat16"),
        ({"avx512_bf16": True}, [1.0, 2.0], "float32"),
        ({"avx512_bf16": False, "avx2": True}, [], "float32"),
    ],
)
def test_a_cpu_uses_bfloat16_only_where_it_can_and_is_faster(
    model, monkeypatch, capabilities, seconds, expected
):
    times = iter(seconds)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    monkeypatch.setattr(precision, "fastest", lambda work: next(times))
    precision._bfloat16_is_faster.cache_clear()
    try:
        assert place(model, "cpu", "auto").describe()["precision"] == expected
    finally:
        precision._bfloat16_is_faster.cache_clear()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda_the_model_is_float16_and_close_to_float32(model):
    torch.manual_seed(0)
    features, lengths = torch.randn(2, 40, 20), torch.tensor([40, 30])
    expected, _ = model.encode(features, lengths)
    placement = place(model, "cuda", "auto")
    found, _ = placement.encode(features, lengths)
    assert found.device.type == "cuda"
    assert placement.dtype == torch.float16
    assert torch.backends.cudnn.benchmark
    torch.testing.assert_close(found.cpu(), expected, atol=2e-2, rtol=1e-2)
