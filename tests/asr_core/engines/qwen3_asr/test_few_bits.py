"""Qwen3-ASR in 8 and 4 bits: which layers, and what they compute, with made-up weights."""

import pytest
import torch
from torch import nn

from asr_core.engines.qwen3_asr import few_bits
from asr_core.engines.qwen3_asr.folder import load_folder
from asr_core.engines.qwen3_asr.generation import answers
from asr_core.engines.qwen3_asr.placing import Placement
from asr_core.engines.qwen3_asr.prompt import question
from asr_core.errors import AsrError
from asr_core.quantize.layers import Int4Steps, Int4Weights, Int8Dynamic
from asr_core.settings import Settings


def load(folder, precision):
    return load_folder(folder, Placement(Settings(device="cpu", precision=precision)))


def log_probs(loaded, window):
    placed, processor = loaded
    inputs = processor(text=[question(language="en")], audio=[window.waveform])
    with torch.inference_mode():
        return placed.run(**inputs).logits[0, -1].float().log_softmax(-1)


def kinds(model):
    """The kinds of the layers of each part."""
    parts = {
        "encoder": model.model.audio_tower,
        "language model": model.model.language_model,
        "projector": model.model.multi_modal_projector,
        "output": model.lm_head,
    }
    linear = (nn.Linear, Int8Dynamic, Int4Weights)  # and Int4Steps, which is one
    return {
        name: {type(layer) for layer in part.modules() if isinstance(layer, linear)}
        for name, part in parts.items()
    }


@pytest.mark.parametrize(
    ("precision", "encoder", "decoder", "alike"),
    [("int8", Int8Dynamic, Int8Dynamic, 0.98), ("int4", Int4Weights, Int4Steps, 0.7)],
)
def test_encoder_and_language_model_are_in_few_bits_and_compute_nearly_the_same(
    folders, windows, monkeypatch, precision, encoder, decoder, alike
):
    """A random model magnifies what is rounded: 4 bits move it far."""
    monkeypatch.setattr(few_bits, "GROUP", 16)  # the tiny model's layers are that narrow
    exact = load(folders / "random-hf" / "model", "float32")
    found = load(folders / "random-hf" / "model", precision)
    assert (found[0].precision, exact[0].precision) == (precision, "float32")
    assert kinds(found[0].model) == {
        "encoder": {encoder},
        "language model": {decoder},
        "projector": {nn.Linear},
        "output": {nn.Linear},
    }
    wanted, given = (log_probs(loaded, windows[0]) for loaded in (exact, found))
    assert not torch.equal(wanted, given)
    assert torch.corrcoef(torch.stack([wanted, given]))[0, 1] > alike


def test_an_answer_comes_token_by_token(folders, windows):
    placed, processor = load(folders / "english-original" / "model", "int8")
    inputs = processor(text=[question()], audio=[windows[0].waveform])
    (*_, (row,)) = answers(placed, inputs, [30])
    assert "Hello world." in processor.tokenizer.decode(row.tokens)


def test_layers_that_groups_do_not_fit_are_refused(folders):
    with pytest.raises(AsrError, match=r"do not fit int4\. Choose auto or int8"):
        load(folders / "random-hf" / "model", "int4")
