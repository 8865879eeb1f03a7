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
from asr_core.quantize import placing
from asr_core.quantize.layers import QuantizedLinear
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


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_few_bits_are_for_the_processor(model, monkeypatch, precision):
    monkeypatch.setattr(placing, "chosen_device", lambda name: torch.device("cuda:0"))
    with pytest.raises(AsrError, match=f"{precision} is computed by the processor only, not by cu"):
        placed(model, "auto", precision)


def test_float16_is_not_for_the_processor(model):
    with pytest.raises(AsrError, match=r"float16 is slow .* Choose auto, float32 or bfloat16"):
        placed(model, "cpu", "float16")


def test_layers_that_groups_do_not_fit_are_refused(model):
    with pytest.raises(AsrError, match=r"do not fit int4\. Choose auto or int8"):
        placed(model, "cpu", "int4")
