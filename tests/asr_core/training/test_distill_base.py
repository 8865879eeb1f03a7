"""Distillation of the bundled model, real weights: the whole way to a folder of a model."""

import json
from pathlib import Path

import pytest
import soundfile as sf
import torch

from asr_core.audio.decode import open_recording
from asr_core.cli import main
from asr_core.engines import load_engine
from asr_core.model.growth import load_bundled
from asr_core.settings import Settings
from asr_core.training.loop import BEST
from asr_core.transcribe import transcribe

SPOKEN = Path(__file__).resolve().parents[2] / "recordings" / "english-then-mandarin.flac"
NUMBERS = {"steps": 2, "batch_seconds": 4, "warmup": 1, "validate_every": 2, "held_back": 0}


@pytest.fixture
def manifest(tmp_path):
    """The same two sentences, with text for validation; the teacher does not read it."""
    samples, rate = sf.read(SPOKEN)
    rows = []
    for language, part, text in (
        ("en", samples[: round(4.9 * rate)], "But we looked like that a long, long time ago."),
        ("zh", samples[round(5.2 * rate) :], "一点专业精神和职业道德都没有"),
    ):
        sf.write(tmp_path / f"{language}.wav", part, rate)
        rows.append({"id": language, "file": f"{language}.wav", "duration_s": len(part) / rate})
        rows[-1] |= {"language": language, "text": text, "speaker": language}
    path = tmp_path / "manifest.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.soak
def test_a_distilled_model_is_packed_and_loads_in_few_bits(manifest, tmp_path, capsys):
    torch.set_num_threads(1)
    changes = [part for name, value in NUMBERS.items() for part in ("--set", f"{name}={value}")]
    folder, packed = tmp_path / "run", tmp_path / "mine"
    command = ["train", str(manifest), "--folder", str(folder), "--preset", "qad-int8"]
    assert main([*command, "--device", "cpu", "--pack", str(packed), *changes]) == 0
    assert "The trained weights are in" in capsys.readouterr().err
    texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    assert "time" in texts["en"]

    kept = torch.load(folder / BEST, weights_only=True)["weights"]
    found = dict(load_bundled(packed).named_parameters())
    for name, weight in kept.items():
        torch.testing.assert_close(found[name], weight, rtol=1e-3, atol=1e-5)

    engine = load_engine(Settings(device="cpu", precision="int8", engine=str(packed)))
    with open_recording(SPOKEN.read_bytes(), "talk.flac") as recording:
        transcript = transcribe(recording, engine, Settings())
    assert "time" in transcript.text
    assert "职业道德" in transcript.text
    assert (transcript.engine, transcript.stats["precision"]) == ("mine", "int8")
