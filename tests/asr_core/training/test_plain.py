"""The plain model: its vocabulary, its sizes, and that a run of it learns."""

import torch

from asr_core.model.hybrid import HybridModel
from asr_core.model.plain import plain_features
from asr_core.training.plain import PlainWriter, plain_config, plain_pieces


def test_the_vocabulary_has_what_the_preset_promises():
    texts = plain_pieces().texts
    assert len(set(texts)) == len(texts)
    assert sum("\u4e00" <= text <= "\u9fff" for text in texts) >= 3500
    assert {"a", "Z", "0", "9", "%", "，", "GDP", "USB"} <= set(texts)


def test_text_becomes_tokens_and_back():
    pieces = plain_pieces()
    writer = PlainWriter(pieces)
    text = "我们的 KPI 是20%，OK? KPIs at 9 a.m."
    target = writer.target(text, "zh")
    assert writer.written(target.tokens) == text == writer.heard(target.units)
    assert target.tokens[-1] == pieces.eos_id
    assert len(writer.target("GDP", "en").units) == 1
    assert len(writer.target("GDPS", "en").units) == 4
    assert writer.target("你好", "zh", attends=False).tokens == ()


def test_sizes():
    config = plain_config(4000)
    encoder = config.encoder
    assert (encoder.n_mels, encoder.n_layers, encoder.n_heads) == (40, 12, 8)
    assert (encoder.conv_kernel, encoder.d_ff, encoder.ff_scale) == (15, 1024, 1.0)
    assert encoder.position == "xl"
    heard = plain_features(torch.zeros(1, 16_000))
    assert heard.shape == (1, 100, 40)
    model = HybridModel(plain_config(50)).eval()
    with torch.inference_mode():
        states, lengths = model.encode(torch.randn(2, 100, 40), torch.tensor([100, 60]))
    assert states.shape[0] == 2
    assert states.shape[2] == 512
    assert lengths.tolist() == [24, 14]
