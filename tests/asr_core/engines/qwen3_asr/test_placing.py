"""What is computed in which precision, and where."""

import pytest
import torch
from tiny_qwen3 import PLAIN

from asr_core.engines.qwen3_asr.folder import load_folder
from asr_core.engines.qwen3_asr.generation import answers
from asr_core.engines.qwen3_asr.placing import Placement
from asr_core.engines.qwen3_asr.prompt import question
from asr_core.errors import AsrError
from asr_core.settings import Settings


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_products_are_in_the_precision_and_sums_in_float32(folders, windows, precision):
    settings = Settings(device="cpu", precision=precision)
    placed, processor = load_folder(folders / "random-hf" / "model", Placement(settings))
    parts = placed.model.model
    seen = {"sums": set(), "products": set()}

    def watch(layer, product):
        layer.register_forward_pre_hook(lambda m, given: seen["sums"].add(given[0].dtype))
        product.register_forward_hook(lambda m, given, out: seen["products"].add(out.dtype))

    for layer in parts.language_model.layers:
        watch(layer, layer.self_attn.v_proj)
    for layer in parts.audio_tower.layers:
        watch(layer, layer.self_attn.v_proj)
    inputs = processor(text=[question()], audio=[windows[0].waveform])
    (*_, (row,)) = answers(placed, inputs, [3])
    assert row.tokens
    assert seen == {"sums": {torch.float32}, "products": {getattr(torch, precision)}}


def test_float16_on_a_processor_is_refused_with_what_to_choose():
    with pytest.raises(AsrError, match="Choose auto, float32 or bfloat16"):
        Placement(Settings(device="cpu", precision="float16"))


def test_auto_on_a_processor_is_float32_or_bfloat16():
    assert Placement(Settings(device="cpu")).dtype in (torch.float32, torch.bfloat16)


def test_a_device_that_is_not_here_is_a_sentence():
    if torch.cuda.is_available():
        pytest.skip("this computer has it")
    with pytest.raises(AsrError, match="no device 'cuda'"):
        Placement(Settings(device="cuda"))


def test_the_weights_may_take_most_of_the_free_memory():
    assert 1_000_000 < Placement(PLAIN).room["cpu"] < 2**50


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_few_bits_are_refused(precision):
    with pytest.raises(AsrError, match=f"not there in {precision}. Choose auto, float32 or bf"):
        Placement(Settings(device="cpu", precision=precision))
