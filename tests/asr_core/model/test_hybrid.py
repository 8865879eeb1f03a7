"""The model as a whole, and its configuration."""

import pytest
import torch

from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.growth import DECODER, ENCODER
from asr_core.model.hybrid import HybridModel, ModelConfig

ENCODER_CONFIG = EncoderConfig(n_mels=20, d_model=16, n_heads=2, n_layers=1, d_ff=24)
DECODER_CONFIG = DecoderConfig(vocab_size=9, d_model=16, n_heads=2, n_layers=1, d_ff=24)


def config(**changes):
    values = {"n_units": 9, "language_head": True, "ctc_pooling": 2} | changes
    return ModelConfig(ENCODER_CONFIG, DECODER_CONFIG, **values)


@pytest.mark.parametrize(
    "expected",
    [
        config(),
        config(decoder_r2l=DECODER_CONFIG, ctc_weights={"zh": 0.3}, tail=1.0),
        ModelConfig(ENCODER, DECODER, n_units=5, frame_rate=50.0, sos_id=7),
    ],
)
def test_a_configuration_survives_json(expected):
    assert ModelConfig.from_json(expected.to_json()) == expected


@pytest.mark.parametrize(
    "text", ['{"encoder": {}}', config().to_json().replace('"n_units"', '"n_tokens"')]
)
def test_a_configuration_with_wrong_fields_is_refused(text):
    with pytest.raises(ValueError, match="not a model's configuration"):
        ModelConfig.from_json(text)


def test_weights_survive_a_round_trip_into_an_empty_model(randomized):
    torch.manual_seed(0)
    model = randomized(HybridModel(config()))
    other = HybridModel.empty(model.config)
    assert all(p.is_meta for p in other.parameters())
    other.load_state_dict(model.state_dict(), assign=True)
    other.eval()
    features, lengths = torch.randn(2, 40, 20), torch.tensor([40, 33])
    expected, found = model.encode(features, lengths), other.encode(features, lengths)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("pooling", [1, 2, 3])
def test_ctc_frames_of_a_padded_batch_equal_those_alone(randomized, pooling):
    torch.manual_seed(0)
    model = randomized(HybridModel(config(ctc_pooling=pooling)))
    states, lengths = torch.randn(3, 10, 16), torch.tensor([10, 7, 0])
    together, n_frames = model.ctc_log_probs(states, lengths)
    assert n_frames.tolist() == [-(-n // pooling) for n in (10, 7, 0)]
    torch.testing.assert_close(together.exp().sum(-1), torch.ones(together.shape[:2]))
    for i, length in enumerate(lengths):
        alone, n = model.ctc_log_probs(states[i : i + 1, :length], lengths[i : i + 1])
        torch.testing.assert_close(together[i, : n_frames[i]], alone[0, :n], atol=1e-5, rtol=1e-5)


def test_the_language_is_heard_in_the_utterance_and_not_in_its_padding(randomized):
    torch.manual_seed(0)
    model = randomized(HybridModel(config()))
    states, lengths = torch.randn(3, 10, 16), torch.tensor([10, 4, 0])
    together = model.language_log_probs(states, lengths)
    assert together.shape == (3, 3)
    torch.testing.assert_close(together.exp().sum(-1), torch.ones(3))
    alone = model.language_log_probs(states[1:2, :4], lengths[1:2])
    torch.testing.assert_close(together[1:2], alone)
    expected = torch.cat([states[1, :4].mean(0), states[1, :4].std(0, correction=0)])
    hidden = model.language.hidden(expected).relu()
    torch.testing.assert_close(together[1], model.language.out(hidden).log_softmax(-1))


def test_a_model_without_a_language_head_says_so(randomized):
    model = randomized(HybridModel(config(language_head=False)))
    with pytest.raises(ValueError, match="no language head"):
        model.language_log_probs(torch.zeros(1, 3, 16), torch.tensor([3]))


def test_silence_of_no_length_passes_through_every_part(randomized):
    model = randomized(HybridModel(config()))
    encoder_out, lengths = model.encode(torch.zeros(1, 2, 20), torch.tensor([2]))
    assert encoder_out.shape == (1, 0, 16)
    log_probs, n_frames = model.ctc_log_probs(encoder_out, lengths)
    assert log_probs.shape == (1, 0, 9)
    assert n_frames.tolist() == [0]
    assert model.language_log_probs(encoder_out, lengths).isfinite().all()


def test_rates_follow_from_the_pooling():
    assert ModelConfig(ENCODER, DECODER, 5, frame_rate=50.0, ctc_pooling=2).ctc_frame_rate == 25.0
