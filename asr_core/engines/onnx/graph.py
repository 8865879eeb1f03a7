"""A grown model's encoder and CTC head as an ONNX graph, for whatever runs ONNX.

The graph is written operator by operator, not traced: it is short, batch and time stay free in it,
and it takes one package and a second. The tests hold it to the modules whose sums it repeats.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

from asr_core.engines.onnx.folder import INPUTS, OUTPUTS
from asr_core.model.attention import MASKED, SelfAttention
from asr_core.model.conformer import Block, Conformer, Convolution, EncoderConfig, FeedForward
from asr_core.model.growth import ENCODER
from asr_core.model.hybrid import CtcHead, HybridModel
from asr_core.model.subsampling import Conv1dSubsampling
from asr_core.quantize.codes import int8_codes

_OPSET = 20  # the first with Gelu
_IR_VERSION = 10
# Processors without VNNI add two products of 8 bits in 16, which overflow where weights have all 8.
_STEPS = 63
_SIZES = ("n_mels", "d_model", "n_heads", "n_layers", "d_ff", "max_frames", "relative_span")
_SIZES += ("conv_kernel",)


def onnx_graph(model: HybridModel, *, int8: bool = False) -> ModelProto:
    """The graph: `INPUTS` (B, T, F) float32 and (B,) int64 frames -> `OUTPUTS`.

    Its outputs are (B, T', D) float32 states, zeros behind the end, and (B,) int64 encoder frames;
    (B, T'', units) float32 natural-log posteriors and (B,) int64 CTC frames. T' is half of T,
    rounded up.

    Args:
        model: of the bundled model's kind, of any size, in evaluation mode.
        int8: the encoder's linear layers in 8 bits, a scale an output, their inputs as they come;
            the rest, the CTC head too, stays float32.

    Raises:
        ValueError: the encoder is of another kind.

    Source: of the 8 bits, Jacob et al. 2018, Quantization and Training of Neural Networks.
    """
    _require_grown(model.config.encoder)
    graph = _Graph()
    features, lengths = INPUTS
    graph.int8 = int8
    states, n_frames = _encoder(graph, model.encoder, features, lengths)
    graph.int8 = False
    log_probs, n_ctc_frames = _ctc(graph, model.ctc, states, n_frames)
    for name, found in zip(OUTPUTS, (states, n_frames, log_probs, n_ctc_frames), strict=True):
        graph.nodes.append(helper.make_node("Identity", [found], [name], name))
    sizes = model.config.encoder
    found = helper.make_graph(
        graph.nodes,
        "encoder and CTC",
        [_tensor(features, "batch", "time", sizes.n_mels), _counts(lengths)],
        [
            _tensor(OUTPUTS[0], "batch", "frames", sizes.d_model),
            _counts(OUTPUTS[1]),
            _tensor(OUTPUTS[2], "batch", "ctc_frames", model.config.n_units),
            _counts(OUTPUTS[3]),
        ],
        graph.weights,
    )
    return helper.make_model(
        found,
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="sottovoce",
    )


class _Graph:
    """Nodes and weights in the order they were added; each is called like what it gives.

    Attributes:
        int8: whether products that are added are of 8 bits.
    """

    int8 = False

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []
        self._in_8_bits: dict[str, list[str]] = {}

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        return self.several(1, operator, *inputs, **attributes)[0]

    def several(self, n: int, operator: str, *inputs: str, **attributes: Any) -> list[str]:
        name = f"{operator}_{len(self.nodes)}"
        outputs = [f"{name}_{i}" for i in range(n)]
        self.nodes.append(helper.make_node(operator, inputs, outputs, name, **attributes))
        return outputs

    def constant(self, value: ArrayLike | Tensor) -> str:
        array = np.asarray(value)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def product(self, x: str, weight: Tensor) -> str:
        """x W^T."""
        if not self.int8:
            return self.add("MatMul", x, self.constant(weight.T))
        codes, scales = int8_codes(weight, _STEPS)
        if x not in self._in_8_bits:
            self._in_8_bits[x] = self.several(3, "DynamicQuantizeLinear", x)
        x_codes, step, zero = self._in_8_bits[x]
        sums = self.add("MatMulInteger", x_codes, self.constant(codes.T), zero)
        scale = self.add("Mul", step, self.constant(scales))
        return self.add("Mul", self.add("Cast", sums, to=TensorProto.FLOAT), scale)

    def linear(self, x: str, layer: nn.Linear) -> str:
        found = self.product(x, layer.weight)
        bias: Tensor | None = layer.bias
        return found if bias is None else self.add("Add", found, self.constant(bias))

    def convolution(self, x: str, layer: nn.Conv1d, left: int, right: int) -> str:
        weights = [self.constant(layer.weight)]
        weights += [] if layer.bias is None else [self.constant(layer.bias)]
        return self.add(
            "Conv", x, *weights, group=layer.groups, strides=layer.stride, pads=[left, right]
        )

    def layer_norm(self, x: str, norm: nn.LayerNorm) -> str:
        weight, bias = self.constant(norm.weight), self.constant(norm.bias)
        return self.add("LayerNormalization", x, weight, bias, axis=-1, epsilon=norm.eps)

    def count(self, x: str, axis: int) -> str:
        """How many there are along an axis, a number without axes."""
        return self.add("Squeeze", self.add("Shape", x, start=axis, end=axis + 1))

    def places(self, n: str) -> str:
        """(n,) 0, 1, 2 and so on."""
        return self.add("Range", self.constant(0), n, self.constant(1))

    def within(self, lengths: str, n: str) -> str:
        """(B, n) True where a frame belongs to its utterance."""
        return self.add("Less", self.places(n), self.unsqueezed(lengths, 1))

    def unsqueezed(self, x: str, *axes: int) -> str:
        return self.add("Unsqueeze", x, self.constant([*axes]))

    def numbers(self, flags: str) -> str:
        """1 for True, 0 for False."""
        return self.add("Cast", flags, to=TensorProto.FLOAT)

    def ceiled(self, lengths: str, divisor: int) -> str:
        """lengths / divisor, rounded up."""
        return self.add(
            "Div",
            self.add("Add", lengths, self.constant(divisor - 1)),
            self.constant(divisor),
        )


def _encoder(graph: _Graph, encoder: Conformer, features: str, lengths: str) -> tuple[str, str]:
    """(B, T', D) states and (B,) frames."""
    stem = encoder.subsample
    assert isinstance(stem, Conv1dSubsampling)
    x = _stem(graph, stem, features, lengths)
    n_frames, lengths = graph.count(x, 1), graph.ceiled(lengths, 2)
    table = graph.constant(encoder.position_table)
    until = graph.add("Reshape", n_frames, graph.constant([1]))
    x = graph.add("Add", x, graph.add("Slice", table, graph.constant([0]), until))
    is_inside = graph.within(lengths, n_frames)
    inside = graph.unsqueezed(graph.numbers(is_inside), 2)  # (B, T', 1)
    mask = graph.add(  # (B, 1, 1, T')
        "Where",
        graph.unsqueezed(is_inside, 1, 2),
        graph.constant(0.0),
        graph.constant(MASKED),
    )
    at = graph.places(n_frames)
    distances = graph.add("Sub", graph.unsqueezed(at, 0), graph.unsqueezed(at, 1))  # (T', T')
    for block in encoder.blocks:
        assert isinstance(block, Block)
        x = _block(graph, block, x, inside, mask, distances)
    assert isinstance(encoder.norm, nn.LayerNorm)
    return graph.add("Mul", graph.layer_norm(x, encoder.norm), inside), lengths


def _stem(graph: _Graph, stem: Conv1dSubsampling, features: str, lengths: str) -> str:
    is_inside = graph.within(lengths, graph.count(features, 1))
    inside = graph.unsqueezed(graph.numbers(is_inside), 1)  # (B, 1, T)
    x = graph.add("Transpose", features, perm=[0, 2, 1])
    for layer in (stem.conv1, stem.conv2):
        x = graph.convolution(graph.add("Mul", x, inside), layer, 1, 1)
        x = graph.add("Gelu", x)
    return graph.add("Transpose", x, perm=[0, 2, 1])


def _block(graph: _Graph, block: Block, x: str, inside: str, mask: str, distances: str) -> str:
    if not block.ff1.silent:
        x = graph.add("Add", x, _feed_forward(graph, block.ff1, x))
    assert isinstance(block.norm_attn, nn.LayerNorm)
    heard = graph.layer_norm(x, block.norm_attn)
    x = graph.add("Add", x, _attention(graph, block.attn, heard, mask, distances))
    if not block.conv.silent:
        x = graph.add("Add", x, _convolution(graph, block.conv, x, inside))
    if not block.ff2.silent:
        x = graph.add("Add", x, _feed_forward(graph, block.ff2, x))
    return x


def _feed_forward(graph: _Graph, layer: FeedForward, x: str) -> str:
    x = graph.linear(graph.layer_norm(x, layer.norm), layer.expand)
    return graph.linear(graph.add("Gelu", x), layer.reduce)


def _attention(graph: _Graph, layer: SelfAttention, x: str, mask: str, distances: str) -> str:
    d_model = layer.q.in_features
    d_head = d_model // layer.n_heads
    by_head = graph.constant([0, 0, layer.n_heads, d_head])

    def heads(projection: nn.Linear, order: list[int]) -> str:
        found = graph.add("Reshape", graph.linear(x, projection), by_head)
        return graph.add("Transpose", found, perm=order)

    q, v = heads(layer.q, [0, 2, 1, 3]), heads(layer.v, [0, 2, 1, 3])  # (B, H, T', D / H)
    k = heads(layer.k, [0, 2, 3, 1])  # (B, H, D / H, T')
    q = graph.add("Mul", q, graph.constant(d_head**-0.5))
    scores = graph.add("Add", graph.add("MatMul", q, k), mask)  # (B, H, T', T')
    bias = layer.relative_bias
    if bias is not None and not bias.silent:
        span = bias.span
        near = graph.add("Clip", distances, graph.constant(-span), graph.constant(span))
        places = graph.add("Add", near, graph.constant(span))
        scores = graph.add(
            "Add", scores, graph.add("Gather", graph.constant(bias.weight), places, axis=1)
        )
    mixed = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), v)
    mixed = graph.add("Transpose", mixed, perm=[0, 2, 1, 3])
    mixed = graph.add("Reshape", mixed, graph.constant([0, 0, d_model]))
    return graph.linear(mixed, layer.o)


def _convolution(graph: _Graph, layer: Convolution, x: str, inside: str) -> str:
    x = graph.linear(graph.layer_norm(x, layer.norm), layer.expand)
    x, gate = graph.several(2, "Split", x, axis=-1, num_outputs=2)
    x = graph.add("Mul", x, graph.add("Sigmoid", gate))
    x = graph.add("Transpose", graph.add("Mul", x, inside), perm=[0, 2, 1])  # (B, inner, T')
    left = (layer.kernel - 1) // 2
    x = graph.convolution(x, layer.depthwise, left, layer.kernel - 1 - left)
    assert isinstance(layer.inner_norm, nn.LayerNorm)
    x = graph.layer_norm(graph.add("Transpose", x, perm=[0, 2, 1]), layer.inner_norm)
    return graph.linear(graph.add("Mul", x, graph.add("Sigmoid", x)), layer.reduce)


def _ctc(graph: _Graph, head: CtcHead, states: str, lengths: str) -> tuple[str, str]:
    """(B, T'', units) natural-log posteriors and (B,) CTC frames."""
    if head.pool is not None:
        missing = graph.add(  # frames until a whole group
            "Mod", graph.add("Neg", graph.count(states, 1)), graph.constant(head.pooling)
        )
        missing = graph.add("Reshape", missing, graph.constant([1]))
        pads = graph.add(
            "Concat", graph.constant([0, 0, 0, 0]), missing, graph.constant([0]), axis=0
        )
        width = head.pool.in_features
        states = graph.add(
            "Reshape", graph.add("Pad", states, pads), graph.constant([0, -1, width])
        )
        states = graph.linear(states, head.pool)
        lengths = graph.ceiled(lengths, head.pooling)
    return graph.add("LogSoftmax", graph.linear(states, head.proj), axis=-1), lengths


def _require_grown(config: EncoderConfig) -> None:
    sizes = {name: getattr(config, name) for name in _SIZES}
    if config != replace(ENCODER, **sizes):
        raise ValueError(f"an encoder of another kind than the grown one: {config}")


def _tensor(name: str, *shape: str | int) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _counts(name: str) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.INT64, ["batch"])
