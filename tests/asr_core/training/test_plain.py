"""The plain model: its vocabulary, its sizes, and that a run of it learns."""

import torch

from asr_core.model.hybrid import HybridModel
from asr_core.training.plain import PlainWriter, features, plain_config


def test_the_vocabulary_has_what_the_preset_promises():
    writer = PlainWriter()
    assert len(set(writer.tokens)) == len(writer.tokens)
    assert sum("\u4e00" <= token <= "\u9fff" for token in writer.tokens) >= 3500
    assert {"a", "Z", "0", "9", "%", "，", "GDP", "USB"} <= set(writer.tokens)


def test_text_becomes_tokens_and_back():
    writer = PlainWriter()
    text = "我们的 KPI 是20%，OK? KPIs at 9 a.m."
    target = writer.target(text, "zh")
    assert writer.written(target.tokens) == text == writer.heard(target.units)
    assert target.tokens[-1] == writer.eos_id
    assert len(writer.target("GDP", "en").units) == 1
    assert len(writer.target("GDPS", "en").units) == 4
    assert writer.target("你好", "zh", attends=False).tokens == ()


def test_sizes():
    config = plain_config(4000)
    encoder = config.encoder
    assert (encoder.n_mels, encoder.n_layers, encoder.n_heads) == (40, 12, 8)
    assert (encoder.conv_kernel, encoder.d_ff, encoder.ff_scale) == (15, 1024, 1.0)
    assert encoder.position == "xl"
    heard = features(torch.zeros(1, 16_000))
    assert heard.shape == (1, 100, 40)
    model = HybridModel(plain_config(50)).eval()
    with torch.inference_mode():
        states, lengths = model.encode(torch.randn(2, 100, 40), torch.tensor([100, 60]))
    assert states.shape[0] == 2
    assert states.shape[2] == 512
    assert lengths.tolist() == [24, 14]
