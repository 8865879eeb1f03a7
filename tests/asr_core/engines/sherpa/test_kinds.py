"""A family is told by the names its files have where they are published."""

from __future__ import annotations

import pytest
import tiny_sherpa

from asr_core.engines.sherpa.kinds import is_in_8_bits, is_published, kind_of
from asr_core.errors import ModelError

# As in the folders that sherpa-onnx publishes.
PUBLISHED = {
    "qwen3_asr": ["conv_frontend.onnx", "encoder.int8.onnx", "decoder.int8.onnx", "tokenizer/v"],
    "moonshine": [
        *("preprocess.onnx", "encode.int8.onnx", "uncached_decode.int8.onnx"),
        *("cached_decode.int8.onnx", "tokens.txt"),
    ],
    "moonshine_v2": ["encoder_model.ort", "decoder_model_merged.ort", "tokens.txt"],
    "whisper": [
        *("tiny-encoder.onnx", "tiny-encoder.int8.onnx", "tiny-decoder.onnx"),
        *("tiny-decoder.int8.onnx", "tiny-tokens.txt"),
    ],
    "fire_red_asr": ["encoder.int8.onnx", "decoder.int8.onnx", "tokens.txt"],
}


def folder_with(folder, files):
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize("loader", PUBLISHED)
def test_a_family_is_told_by_its_files(tmp_path, loader):
    kind, files = kind_of(folder_with(tmp_path, PUBLISHED[loader]))
    assert kind.loader == loader
    assert files.keys() == kind.files.keys()
    assert is_in_8_bits(files) == any(".int8." in name for name in PUBLISHED[loader])


def test_graphs_that_are_named_alike_say_themselves_what_they_are(tmp_path):
    assert kind_of(tiny_sherpa.write_wenet(tmp_path / "a"))[0].loader == "wenet_ctc"
    assert kind_of(tiny_sherpa.write_sense_voice(tmp_path / "b"))[0].loader == "sense_voice"


def test_a_graph_of_another_family_is_named(tmp_path, monkeypatch):
    folder = tiny_sherpa.write_wenet(tmp_path / "zipformer")
    monkeypatch.setattr("asr_core.engines.sherpa.kinds._model_type", lambda graph: "zipformer2_ctc")
    with pytest.raises(ModelError, match="says it is 'zipformer2_ctc'"):
        kind_of(folder)


@pytest.mark.parametrize(
    "files",
    [
        [],
        ["model.onnx"],
        ["encoder.onnx", "decoder.onnx", "joiner.onnx", "tokens.txt"],
        ["encoder.int8.onnx", "tokens.txt"],
    ],
)
def test_what_is_not_whole_or_of_another_family_is_none(tmp_path, files):
    assert not is_published(folder_with(tmp_path, files))
