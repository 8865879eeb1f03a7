"""The bundled model with its encoder in onnxruntime: real weights, real sound."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from asr_core.audio.decode import open_recording
from asr_core.audio.features import log_mel
from asr_core.cli import main
from asr_core.engines import load_engine
from asr_core.engines.onnx.encoder import OnnxEncoder
from asr_core.engines.onnx.folder import DESCRIPTION, GRAPH, INPUTS, OUTPUTS, write_exported
from asr_core.errors import AsrError, ModelError
from asr_core.model.growth import load_bundled
from asr_core.settings import Settings
from asr_core.transcribe import transcribe

RECORDING = Path(__file__).resolve().parents[3] / "recordings" / "english-then-mandarin.flac"


@pytest.fixture(scope="module")
def bundled():
    """The bundled model, loaded once for all of this file."""
    with pytest.MonkeyPatch.context() as patch:
        model = load_bundled()
        for user in ("export", "loading"):
            patch.setattr(f"asr_core.engines.onnx.{user}.load_bundled", lambda: model)
        yield model


@pytest.fixture(scope="module")
def exported(tmp_path_factory, bundled):
    """The bundled model as the command exports it."""
    folder = tmp_path_factory.mktemp("exported") / "ear"
    assert main(["models", "export", "--onnx", "--output", str(folder)]) == 0
    return folder


@pytest.fixture
def small(tmp_path):
    """A folder that says all it should and whose graph is none."""
    write_exported(tmp_path / "small", b"no graph", "float32")
    return tmp_path / "small"


def settings_of(folder, device="cpu", **others):
    return Settings(engine=str(folder), precision="float32", device=device, **others)


def test_real_weights_give_on_real_sound_what_they_give_in_torch(exported, bundled):
    with open_recording(RECORDING, RECORDING.name) as recording:
        waveform = np.concatenate([*recording])
    features = log_mel(torch.from_numpy(waveform)[None])
    lengths = torch.tensor([features.shape[1]])
    session = onnxruntime.InferenceSession(
        str(exported / GRAPH), providers=["CPUExecutionProvider"]
    )
    given = dict(zip(INPUTS, (features.numpy(), lengths.numpy()), strict=True))
    states, _, log_probs, _ = (torch.from_numpy(x) for x in session.run(OUTPUTS, given))
    with torch.inference_mode():
        encoder_out, out_lengths = bundled.encode(features, lengths)
        expected, _ = bundled.ctc_log_probs(encoder_out, out_lengths)
    torch.testing.assert_close(states, encoder_out, atol=1e-3, rtol=0)
    torch.testing.assert_close(log_probs, expected, atol=1e-3, rtol=0)
    assert (log_probs.argmax(-1) != 0).sum() > 20  # it hears words


def test_an_exported_folder_is_a_model_and_says_what_the_bundled_one_says(engine, exported):
    ear = load_engine(settings_of(exported, device="directml"))  # no wheel with it is locked
    assert ear.name == "ear"
    found = []
    for model in (engine, ear):
        with open_recording(RECORDING, RECORDING.name) as recording:
            found.append(transcribe(recording, model, settings_of(exported, beam_size=1)))
    assert found[0].text == found[1].text
    assert found[0].notes == ()
    assert found[1].notes == (
        "onnxruntime has no DmlExecutionProvider here; the processor computes.",
    )
    assert found[1].stats["encoder"] == "onnxruntime CPUExecutionProvider float32"
    spoken = [[word for s in each.segments for word in s.words] for each in found]
    for ours, theirs in zip(*spoken, strict=True):
        assert (ours.start, ours.end) == pytest.approx((theirs.start, theirs.end), abs=0.05)


def test_a_device_that_this_onnxruntime_lacks_is_named_and_done_without(exported, monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    for device, provider in (("directml", "DmlExecutionProvider"), ("coreml", "CoreML")):
        encoder = OnnxEncoder(exported, device)
        assert encoder.provider == "CPUExecutionProvider"
        assert provider in encoder.notes[0]
    assert OnnxEncoder(exported, "auto").notes == []


def test_a_graph_that_is_none_or_was_changed_is_said_to_be_damaged(small):
    with pytest.raises(ModelError, match=r"'small' is damaged \(InvalidProtobuf\)"):
        load_engine(settings_of(small))
    (small / GRAPH).write_bytes(b"another")
    with pytest.raises(ModelError, match=r"damaged \(ValueError\)"):
        load_engine(settings_of(small))
    (small / DESCRIPTION).write_text("[]", encoding="utf-8")
    with pytest.raises(ModelError, match="'small' is damaged"):
        load_engine(settings_of(small))


def test_a_folder_of_other_weights_is_refused(small):
    said = json.loads((small / DESCRIPTION).read_text("utf-8"))
    (small / DESCRIPTION).write_text(json.dumps(said | {"weights": "old"}), encoding="utf-8")
    with pytest.raises(ModelError, match="another version of Sottovoce"):
        load_engine(settings_of(small))


def test_nothing_is_written_over_and_a_missing_package_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(AsrError, match="There is something in"):
        write_exported(tmp_path, b"graph", "float32")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "asr_core.engines.onnx.graph", raising=False)
    assert main(["models", "export", "--onnx", "--output", str(tmp_path / "new")]) == 1
    assert "The extra `hybrid` brings it" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
