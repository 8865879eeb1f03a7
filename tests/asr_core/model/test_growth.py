"""The grown model computes what Whisper computes."""

import copy

import numpy as np
import pytest
import soundfile
import torch

from asr_core.audio.features import log_mel
from asr_core.errors import ModelError
from asr_core.model.growth import grow, unit_table, verify_growth
from asr_core.model.precision import place
from asr_core.model.whisper import whisper_state_dict

ENGLISH = (50_258, 50_259, 50_359, 50_363)


def window(waveform):
    """(1, 3000, 80) features of 30 seconds that begin with `waveform`."""
    padded = torch.zeros(1, 480_000)
    padded[0, : len(waveform)] = torch.from_numpy(waveform)
    return log_mel(padded)


@pytest.fixture(scope="module")
def sounds():
    """A tone that glides, and noise that comes and goes: nothing anybody said."""
    t = np.arange(96_000) / 16_000
    glide = 0.3 * np.sin(2 * np.pi * (200 * t + 60 * t**2))
    noise = np.random.default_rng(0).normal(0, 0.1, len(t)) * (np.sin(3 * t) > 0)
    return window((glide + noise).astype(np.float32))


def test_layers_and_tokens_equal_transformers_whisper_on_sounds(bundled, sounds):
    report = verify_growth(bundled, sounds, ENGLISH)
    assert len(report.layer_differences) == 7
    assert max(report.layer_differences) <= 1e-4
    assert report.tokens == report.original_tokens
    assert report.equal


def test_layers_and_tokens_equal_transformers_whisper_on_speech(bundled, shared_folder):
    waveform, rate = soundfile.read(
        shared_folder / "eval" / "audio" / "asterisk-demo-congrats.flac", dtype="float32"
    )
    assert rate == 16_000
    report = verify_growth(bundled, window(waveform[:480_000]), ENGLISH)
    assert max(report.layer_differences) <= 1e-4
    assert len(report.tokens) == 20
    assert report.tokens == report.original_tokens


def test_a_changed_model_is_noticed(bundled, sounds):
    changed = copy.deepcopy(bundled)
    changed.encoder.blocks[3].conv.reduce.weight[0, 0] = 0.1
    changed.eval()
    assert not verify_growth(changed, sounds, ENGLISH, n_tokens=1).equal


def test_new_parts_are_there_and_cost_nothing_until_they_are_trained(bundled):
    for block in bundled.encoder.blocks:
        for part in (block.ff1, block.conv, block.attn.relative_bias):
            assert part.silent
        assert block.ff1.expand.weight.any()  # random, so that training can begin
        assert block.conv.depthwise.weight.any()
        assert not block.ff2.silent
    assert not bundled.config.ctc_weights


def test_heads_are_loaded_and_the_same_every_time(bundled):
    units = unit_table()
    assert bundled.config.n_units == len(units) == bundled.ctc.proj.out_features
    assert bundled.config.ctc_frame_rate == 25.0
    embedding = bundled.decoder.embed.weight
    again = grow(whisper_state_dict(), units)
    for name in ("ctc.proj.weight", "ctc.pool.weight", "language.hidden.weight"):
        assert torch.equal(again.state_dict()[name], bundled.state_dict()[name])
    hello = units.units.index(" hello")
    assert torch.equal(bundled.ctc.proj.weight[hello], embedding[units.sources[hello][0]])
    states, lengths = torch.randn(1, 5, 512), torch.tensor([5])
    log_probs, n = bundled.ctc_log_probs(states, lengths)
    assert log_probs.shape == (1, 3, len(units))
    assert n.tolist() == [3]
    assert bundled.language_log_probs(states, lengths).shape == (1, 3)


def test_fifty_ctc_frames_per_second_are_a_setting(bundled):
    model = grow(whisper_state_dict(), unit_table(), ctc_pooling=1)
    assert model.config.ctc_frame_rate == 50.0
    log_probs, _ = model.ctc_log_probs(torch.randn(1, 5, 512), torch.tensor([5]))
    assert log_probs.shape[1] == 5


def test_other_weights_are_refused(bundled):
    weights = whisper_state_dict()
    del weights["model.encoder.conv1.bias"]
    with pytest.raises(ModelError, match=r"'Whisper base'.*1 are missing .*conv1\.bias"):
        grow(weights, unit_table())


def test_bfloat16_stays_close_to_float32(bundled, sounds):
    """The tolerance `precision` states for this model, on one second of sound."""
    features, lengths = sounds[:, :100], torch.tensor([100])
    tokens = torch.tensor([ENGLISH])
    with torch.inference_mode():
        states, n = bundled.encode(features, lengths)
        expected = bundled.decoder.score(tokens, bundled.decoder.start(states, n))
        placement = place(copy.deepcopy(bundled), "cpu", "bfloat16")
        half_states, n = placement.encode(features, lengths)
        with placement.autocast():
            decoder = placement.model.decoder
            found = decoder.score(tokens, decoder.start(half_states, n))
    assert half_states.dtype == found.dtype == torch.float32
    moved = (half_states - states).square().mean().sqrt() / states.square().mean().sqrt()
    assert 0 < moved < 0.05
    likely = expected > -10  # what a search could choose
    assert (found - expected)[likely].abs().max() < 0.5
    assert torch.equal(found.argmax(-1), expected.argmax(-1))
