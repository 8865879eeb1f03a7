"""What a person asks for: the bundled model in few bits, and what is refused in one sentence."""

from pathlib import Path

import pytest
import torch

from asr_core.audio.decode import open_recording
from asr_core.engines import load_engine
from asr_core.errors import AsrError
from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import HybridModel, ModelConfig
from asr_core.model.precision import place
from asr_core.quantize import placing
from asr_core.quantize.layers import Int8Weights, QuantizedLinear
from asr_core.quantize.placing import placed
from asr_core.settings import Settings
from asr_core.text.score import n_errors, scored_tokens
from asr_core.transcribe import transcribe

RECORDING = Path(__file__).resolve().parents[2] / "recordings" / "english-then-mandarin.flac"
ENCODER = EncoderConfig(n_mels=20, d_model=16, n_heads=2, n_layers=1, d_ff=24)
DECODER = DecoderConfig(vocab_size=9, d_model=16, n_heads=2, n_layers=1, d_ff=24)


@pytest.fixture
def model(randomized):
    return randomized(HybridModel(ModelConfig(ENCODER, DECODER, n_units=9)))


def transcript(precision):
    engine = load_engine(Settings(device="cpu", precision=precision))
    with open_recording(RECORDING.read_bytes(), "talk.flac") as recording:
        return transcribe(recording, engine, Settings(precision=precision))


@pytest.mark.parametrize(("precision", "most"), [("int8", 0), ("int4", 2)])
def test_the_bundled_model_hears_the_same_words(precision, most):
    """Real weights: two sentences, one English, one Mandarin; 4 bits may get a word wrong."""
    expected, found = transcript("float32"), transcript(precision)
    right, heard = (scored_tokens(t.text) for t in (expected, found))
    assert len(right) > 20
    assert n_errors(right, heard) <= most
    assert found.stats["precision"] == precision
    assert expected.stats["precision"] == "float32"


def test_a_model_in_8_bits_says_so_and_is_it(model):
    placement = placed(model, "cpu", "int8")
    assert placement.describe()["precision"] == "int8"
    assert isinstance(placement.model.encoder.blocks[0].ff1.expand, QuantizedLinear)
    with placement.autocast(), torch.inference_mode():
        states, lengths = placement.encode(torch.randn(2, 40, 20), torch.tensor([40, 30]))
        log_probs, _ = placement.model.ctc_log_probs(states, lengths)
    assert states.dtype == log_probs.dtype == torch.float32


def test_float_precisions_are_placed_as_ever(model):
    placement = placed(model, "cpu", "float32")
    assert placement.describe() == {
        "device": "cpu",
        "precision": "float32",
        "encoder": "torch",
        "notes": [],
    }


@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_8_bit_floats_are_for_some_cards(model, monkeypatch, device):
    monkeypatch.setattr(placing, "chosen_device", lambda name: torch.device(device))
    with pytest.raises(AsrError, match=rf"fp8 is computed by NVIDIA .* not by {device}\. Choose"):
        placed(model, "auto", "fp8")


@pytest.mark.parametrize("capability", [(8, 6), (8, 9), (12, 0)])
def test_a_card_multiplies_8_bit_floats_from_a_capability_on(monkeypatch, capability):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    card = torch.device("cuda:1")
    if capability < (8, 9):
        with pytest.raises(AsrError, match=r"8\.9 or more .*, not by cuda:1"):
            placing.check_precision("fp8", card)
    else:
        placing.check_precision("fp8", card)


def test_off_the_processor_8_bits_are_weights_only(model, monkeypatch):
    """As for a card, but placed here: there is none where this was written."""
    monkeypatch.setattr(placing, "chosen_device", lambda name: torch.device("cuda:0"))
    monkeypatch.setattr(placing, "place", lambda model, device: place(model, "cpu", "float32"))
    placement = placed(model, "auto", "int8")
    assert placement.precision == "int8"
    kinds = {type(m) for m in placement.model.modules() if isinstance(m, QuantizedLinear)}
    assert kinds == {Int8Weights}
    with placement.autocast(), torch.inference_mode():
        states, _ = placement.encode(torch.randn(1, 40, 20), torch.tensor([40]))
    assert states.isfinite().all()


def test_float16_is_not_for_the_processor(model):
    with pytest.raises(AsrError, match=r"float16 is slow .* Choose auto, float32 or bfloat16"):
        placed(model, "cpu", "float16")


def test_layers_that_groups_do_not_fit_are_refused(model):
    with pytest.raises(AsrError, match=r"do not fit int4\. Choose auto or int8"):
        placed(model, "cpu", "int4")
