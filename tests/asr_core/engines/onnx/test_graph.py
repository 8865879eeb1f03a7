"""The graph gives what the modules give that it was written from; its weights are random."""

from __future__ import annotations

from dataclasses import replace

import onnx
import onnxruntime
import pytest
import torch

from asr_core.engines.onnx.folder import INPUTS, OUTPUTS
from asr_core.engines.onnx.graph import onnx_graph
from asr_core.model.growth import DECODER, ENCODER
from asr_core.model.hybrid import HybridModel, ModelConfig

SIZES = {
    "n_mels": 20,
    "d_model": 16,
    "n_heads": 2,
    "n_layers": 2,
    "d_ff": 24,
    "max_frames": 40,
    "relative_span": 3,
    "conv_kernel": 5,
}
SMALL = ModelConfig(
    encoder=replace(ENCODER, **SIZES),
    decoder=replace(DECODER, vocab_size=30, d_model=16, n_heads=2, n_layers=1, d_ff=24),
    n_units=13,
    ctc_pooling=2,
)


@pytest.fixture
def model(randomized) -> HybridModel:
    return randomized(HybridModel(SMALL))


def run(graph: onnx.ModelProto, features: torch.Tensor, lengths: torch.Tensor):
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    given = dict(zip(INPUTS, (features.numpy(), lengths.numpy()), strict=True))
    return [torch.from_numpy(found) for found in session.run(OUTPUTS, given)]


@pytest.mark.parametrize(
    ("n_frames", "lengths"), [(61, [61, 7, 30, 48]), (80, [80]), (1, [1]), (33, [33, 33])]
)
def test_a_batch_of_any_size_gives_what_torch_gives(model, n_frames, lengths):
    features = torch.randn(len(lengths), n_frames, 20, generator=torch.Generator().manual_seed(0))
    counts = torch.tensor(lengths)
    states, n_states, log_probs, n_ctc = run(onnx_graph(model), features, counts)
    encoder_out, out_lengths = model.encode(features, counts)
    expected, ctc_lengths = model.ctc_log_probs(encoder_out, out_lengths)
    torch.testing.assert_close(states, encoder_out, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(log_probs, expected, atol=1e-5, rtol=1e-5)
    assert n_states.tolist() == out_lengths.tolist()
    assert n_ctc.tolist() == ctc_lengths.tolist()


def test_parts_that_add_nothing_yet_are_not_in_the_graph(model):
    whole = len(onnx_graph(model).graph.node)
    for block in model.encoder.blocks:
        block.conv.reduce.weight.zero_()
        block.conv.reduce.bias.zero_()
    model.eval()
    graph = onnx_graph(model)
    assert len(graph.graph.node) < whole
    features, lengths = torch.ones(1, 24, 20), torch.tensor([24])
    states, *_ = run(graph, features, lengths)
    torch.testing.assert_close(states, model.encode(features, lengths)[0], atol=1e-5, rtol=1e-5)


def test_the_graph_is_valid_onnx(model):
    for int8 in (False, True):
        onnx.checker.check_model(onnx_graph(model, int8=int8), full_check=True)


def test_8_bits_come_near_and_spare_the_ctc_head(model):
    features = torch.randn(2, 60, 20, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([60, 60])
    exact = onnx_graph(model)
    coarse = onnx_graph(model, int8=True)
    states, _, _, _ = run(exact, features, lengths)
    found, _, _, _ = run(coarse, features, lengths)
    error = float((found - states).norm() / states.norm())
    assert 1e-4 < error < 0.05
    kept = {tuple(w.dims): w.data_type for w in coarse.graph.initializer}
    assert kept[16, 13] == onnx.TensorProto.FLOAT  # of the CTC head
    assert kept[16, 24] == onnx.TensorProto.INT8  # of a feed-forward


def test_an_encoder_of_another_kind_is_refused(randomized):
    other = replace(SMALL, encoder=replace(SMALL.encoder, causal=True))
    with pytest.raises(ValueError, match="another kind"):
        onnx_graph(HybridModel(other))
