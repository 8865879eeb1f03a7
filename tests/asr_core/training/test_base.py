"""What a run of the bundled model ships."""

import pytest
import torch

from asr_core.errors import AsrError
from asr_core.model import trained
from asr_core.model.growth import is_new, load_grown
from asr_core.training.base import pack_run
from asr_core.training.loop import BEST


def test_packed_weights_make_the_trained_model_again(tmp_path):
    model = load_grown()
    names = ("encoder.blocks.0.attn.q.weight", "encoder.blocks.0.conv.reduce.weight")
    weights = {name: dict(model.named_parameters())[name] + 0.01 for name in names}
    torch.save({"weights": weights, "step": 1, "tail": 1.0}, tmp_path / BEST)
    digest = pack_run(tmp_path, tmp_path / "shipped")
    assert trained.condition(tmp_path / "shipped")[1:] == (digest, True)
    trained.apply(trained.load(tmp_path / "shipped"), model, is_new)
    for name, weight in weights.items():
        torch.testing.assert_close(
            dict(model.named_parameters())[name], weight, atol=1e-4, rtol=0.01
        )
    assert not model.encoder.blocks[0].conv.silent
    assert trained.load_config(tmp_path / "shipped").tail == 1.0


def test_a_run_without_good_weights_is_not_packed(tmp_path):
    with pytest.raises(AsrError, match="no weights to pack yet"):
        pack_run(tmp_path, tmp_path / "shipped")
