"""A plain model out of its folder. Random weights: that it runs, not that it recognizes."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch

from asr_core.audio.segment import Window
from asr_core.engines import load_engine
from asr_core.errors import AsrError, ModelError
from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import LANGUAGES, HybridModel, ModelConfig
from asr_core.model.plain import N_MELS, load_plain, save_plain
from asr_core.settings import DecodeMode, Settings
from asr_core.text.pieces import VOCABULARY, Pieces

PIECES = Pieces([*" abcdefgh你好吗，。", "OK"])


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    n = len(PIECES.texts)
    encoder = EncoderConfig(
        n_mels=N_MELS, d_model=32, n_heads=2, n_layers=1, d_ff=64, normalizes_features=True
    )
    decoder = DecoderConfig(vocab_size=n, d_model=32, n_heads=2, n_layers=1, d_ff=64)
    weights = dict.fromkeys(LANGUAGES, 0.3)
    config = ModelConfig(encoder, decoder, n, language_head=True, tail=0.3, ctc_weights=weights)
    save_plain(HybridModel(config), PIECES, tmp_path / "mine")
    return tmp_path / "mine"


def engine_in(folder, **choices):
    return load_engine(Settings(engine=str(folder), device="cpu", precision="float32", **choices))


def window():
    sound = np.random.default_rng(0).normal(0, 0.1, 24_000).astype(np.float32)
    return Window(2.0, sound, ((2.0, 3.5),))


@pytest.mark.parametrize("mode", get_args(DecodeMode))
def test_every_mode_reads_in_the_models_own_pieces(folder, mode):
    engine = engine_in(folder)
    found = [*engine.recognize([window(), window()], Settings(decode=mode))]
    assert [recognized.end for recognized in found] == [3.5, 3.5]
    assert found[0].segments == found[1].segments
    for segment in found[0].segments:
        assert set(segment.text) <= set("".join(PIECES.texts))
        assert segment.language in ("zh", "en")
        for word in segment.words:
            assert 2.0 <= word.start <= word.end <= 3.5
            assert 0.0 <= word.confidence <= 1.0
    stats = engine.stats()
    assert (stats["device"], stats["precision"]) == ("cpu", "float32")


def test_an_open_window_gives_a_draft_and_leaves_no_trace(folder):
    engine = engine_in(folder)
    silence = Window(3.5, np.zeros(0, np.float32), (), is_open=True)
    windows = [replace(window(), is_open=True), silence, window()]
    draft, found = engine.recognize(windows, Settings(decode="ctc"))
    assert (draft.end, draft.segments) == (2.0, ())
    assert draft.draft == " ".join(segment.text for segment in found.segments) != ""
    assert [found] == [*engine.recognize([window()], Settings(decode="ctc"))]


def test_a_known_text_is_given_times(folder):
    engine = engine_in(folder)
    segment = engine.align(window(), "你好 OK", "zh")
    assert segment is not None
    assert [word.text for word in segment.words] == ["你", "好", "OK"]
    assert engine.align(window(), "xyz", "en") is None  # not in its vocabulary


def test_its_speed_is_told(folder):
    assert engine_in(folder).speed(Settings()).encoding > 0


def test_another_language_is_refused(folder):
    with pytest.raises(AsrError, match="only zh and en"):
        next(engine_in(folder).recognize([window()], Settings(language="ja")))


def test_the_folder_keeps_weights_and_vocabulary(folder):
    model, pieces = load_plain(folder)
    assert pieces.texts == PIECES.texts
    assert model.config.tail == 0.3


@pytest.mark.parametrize("content", ["[1]", "{}", '["a"]', "no JSON"])
def test_a_damaged_vocabulary_is_one_sentence(folder, content):
    (folder / VOCABULARY).write_text(content)
    with pytest.raises(ModelError, match="vocabulary of the model 'mine'"):
        engine_in(folder)


def test_damaged_weights_are_one_sentence(folder):
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="'mine' cannot be used: its weights are damaged"):
        engine_in(folder)


def test_a_folder_without_a_model_is_no_engine(tmp_path):
    with pytest.raises(ModelError, match="No engine here can run"):
        engine_in(tmp_path)
