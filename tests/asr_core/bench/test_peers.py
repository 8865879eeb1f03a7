"""The weights that peers get; that they recognize is only seen where they are installed."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from asr_core.audio import SAMPLE_RATE
from asr_core.bench.cell import _sound_of
from asr_core.bench.peers import openai_names, openai_whisper
from asr_core.errors import AsrError
from asr_core.model.whisper import whisper_state_dict

SPOKEN = Path(__file__).resolve().parents[2] / "recordings" / "english-then-mandarin.flac"


def test_every_weight_has_the_name_that_openai_whisper_gives_it():
    weights = whisper_state_dict()
    found = openai_names(weights)
    assert len(found) == len(weights) - 1  # the output is the embedding
    for name in (
        *("encoder.conv1.bias", "encoder.positional_embedding", "encoder.ln_post.weight"),
        *("encoder.blocks.5.attn.query.bias", "encoder.blocks.0.mlp.2.weight"),
        *("decoder.token_embedding.weight", "decoder.positional_embedding", "decoder.ln.bias"),
        *("decoder.blocks.3.cross_attn.value.bias", "decoder.blocks.0.cross_attn_ln.weight"),
        *("decoder.blocks.1.attn_ln.bias", "decoder.blocks.2.mlp_ln.weight"),
    ):
        assert name in found
    assert not [name for name in found if "proj" in name or "layer_norm" in name]
    key = found["decoder.blocks.4.cross_attn.key.weight"]
    assert torch.equal(key, weights["model.decoder.layers.4.encoder_attn.k_proj.weight"])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file it leaves
def test_openai_whisper_recognizes_or_is_said_to_be_missing():
    if find_spec("whisper") is None:
        with pytest.raises(AsrError, match="openai-whisper is not installed; the extra `bench`"):
            openai_whisper()
        return
    recognize = openai_whisper()
    heard = recognize(_sound_of(SPOKEN)[: 5 * SAMPLE_RATE])
    assert "time" in heard.text
    assert heard.label == "en"
