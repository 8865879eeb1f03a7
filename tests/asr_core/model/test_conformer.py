"""One encoder, many shapes: padding never matters, additions cost nothing while they are zero."""

from dataclasses import replace

import pytest
import torch

from asr_core.model.conformer import Conformer, EncoderConfig

SMALL = EncoderConfig(n_mels=20, d_model=16, n_heads=2, n_layers=2, d_ff=24, conv_kernel=5)
SHAPES = {
    "grown": replace(
        SMALL,
        activation="gelu",
        subsampling="conv1d_2x",
        scale_input=False,
        position="absolute",
        max_frames=40,
        relative_span=3,
        ff_scale=1.0,
        key_bias=False,
        conv_norm="layer_norm",
        block_norm=False,
    ),
    "wenet streaming": replace(SMALL, position="abs", causal=True, conv_norm="layer_norm"),
    "wenet": replace(SMALL, position="abs", normalizes_features=True),
    "espnet": SMALL,
    "firered": replace(
        SMALL,
        subsampling_channels=4,
        right_padding=6,
        scale_input=False,
        attention_bias=False,
        separate_norms=True,
        conv_expansion=2,
        conv_bias=False,
        conv_norm="layer_norm",
        final_norm=False,
    ),
}


@pytest.fixture(params=SHAPES)
def encoder(request, randomized):
    return randomized(Conformer(SHAPES[request.param]))


def test_a_padded_batch_equals_its_items_alone(encoder):
    torch.manual_seed(0)
    lengths = torch.tensor([61, 7, 30, 48])
    features = torch.randn(4, 61, 20)
    for i, length in enumerate(lengths):
        features[i, length:] = 1e3  # whatever lies behind the end
    together, out_lengths = encoder(features, lengths)
    assert together.shape[1] == out_lengths.max()
    for i, length in enumerate(lengths):
        alone, n = encoder(features[i : i + 1, :length], lengths[i : i + 1])
        assert alone.shape[1] == n == out_lengths[i] > 0
        torch.testing.assert_close(together[i, :n], alone[0], atol=2e-5, rtol=1e-5)
        assert not together[i, n:].any()


@pytest.mark.parametrize("n_frames", [0, 1, 2, 6])
def test_too_short_input_gives_no_or_few_frames_and_no_exception(encoder, n_frames):
    encoder_out, lengths = encoder(torch.ones(2, n_frames, 20), torch.tensor([n_frames, 0]))
    assert encoder_out.shape == (2, int(lengths.max()), 16)
    assert lengths[1] == 0
    assert encoder_out.isfinite().all()
    if n_frames == 0 or (
        encoder.config.subsampling == "conv2d_4x" and not encoder.config.right_padding
    ):
        assert encoder_out.shape[1] == 0


def test_an_utterance_too_short_for_a_frame_disturbs_nobody(encoder):
    torch.manual_seed(0)
    features = torch.randn(2, 40, 20)
    together, lengths = encoder(features, torch.tensor([40, 0]))
    alone, _ = encoder(features[:1], torch.tensor([40]))
    assert lengths[1] == 0
    torch.testing.assert_close(together[:1], alone, atol=2e-5, rtol=1e-5)


def test_a_chunk_mask_hides_what_comes_later(randomized):
    torch.manual_seed(0)
    encoder = randomized(Conformer(SHAPES["wenet streaming"]))
    features = torch.randn(1, 80, 20)
    changed = features.clone()
    changed[:, 40:] += 1.0  # encoder frame 8 is the first that hears input frame 40: 4*8+6 >= 38
    before, lengths = encoder(features, torch.tensor([80]), chunk_size=4)
    after, _ = encoder(changed, lengths * 0 + 80, chunk_size=4)
    torch.testing.assert_close(after[:, :8], before[:, :8])
    assert (after[:, 12:] - before[:, 12:]).abs().max() > 1e-3


def test_the_relative_bias_is_added_by_distance_to_every_score(randomized):
    encoder = randomized(Conformer(SHAPES["grown"]))
    bias = encoder.blocks[0].attn.relative_bias
    found = bias(6)
    for query in range(6):
        for key in range(6):
            distance = max(-3, min(3, key - query))
            torch.testing.assert_close(found[:, query, key], bias.weight[:, distance + 3])


def zeroed(encoder, parts):
    """The encoder with the last layers of `parts` zero."""
    state = encoder.state_dict()
    for name, value in state.items():
        if any(part in name for part in parts):
            state[name] = torch.zeros_like(value)
    encoder.load_state_dict(state)
    return encoder


GROWN_PARTS = ("ff1.reduce", "conv.reduce", "relative_bias")


def test_additions_with_a_zero_output_are_left_out_without_a_change(randomized):
    torch.manual_seed(0)
    encoder = zeroed(randomized(Conformer(SHAPES["grown"])), GROWN_PARTS)
    features, lengths = torch.randn(1, 50, 20), torch.tensor([50])
    block = encoder.blocks[0]
    parts = (block.ff1, block.conv, block.attn.relative_bias)
    assert all(part.silent for part in parts)
    assert not block.ff2.silent
    quick, _ = encoder(features, lengths)
    for part in parts:
        part.adds_nothing = False
    slow, _ = encoder(features, lengths)
    torch.testing.assert_close(quick, slow)


def test_additions_speak_again_after_training_or_loading(randomized):
    encoder = zeroed(randomized(Conformer(SHAPES["grown"])), GROWN_PARTS)
    part = encoder.blocks[0].conv
    encoder.train()
    assert part.silent  # frozen weights stay zero
    encoder.requires_grad_(True)
    assert not part.silent
    encoder.requires_grad_(False)
    part.reduce.weight.data[0, 0] = 0.1
    encoder.eval()
    assert not part.silent
    zeroed(encoder, GROWN_PARTS)
    assert part.silent
    state = encoder.state_dict()
    state["blocks.0.conv.reduce.bias"] = torch.ones(16)
    encoder.load_state_dict(state)
    assert not part.silent


def test_training_reaches_the_additions_through_their_zero_output(randomized):
    encoder = zeroed(randomized(Conformer(SHAPES["grown"])), GROWN_PARTS)
    encoder.train().requires_grad_(True)
    out, _ = encoder(torch.randn(1, 30, 20), torch.tensor([30]))
    out.square().sum().backward()
    block = encoder.blocks[0]
    for weight in (
        block.ff1.reduce.weight,
        block.conv.reduce.weight,
        block.attn.relative_bias.weight,
    ):
        assert weight.grad.abs().max() > 0


def test_more_frames_than_positions_are_refused(randomized):
    encoder = randomized(Conformer(SHAPES["grown"]))
    with pytest.raises(ValueError, match="41 frames, positions for 40"):
        encoder(torch.zeros(1, 82, 20), torch.tensor([82]))
