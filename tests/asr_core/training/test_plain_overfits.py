"""The plain recipe, end to end: what it has heard often enough it reads without a mistake.

By the program alone: `train`, its log, `--pack`, and `transcribe` with the folder by CTC, attention
and both. Two utterances take minutes, twenty half an hour.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.decode import open_recording
from asr_core.cli import main
from asr_core.text.score import error_rate

KINDS = ("turns", "mixed")  # the language changes between sentences, and within one
WAYS = ("ctc", "attention", "joint")


def shortest(folder, n):
    """Rows of the manifest in `folder`: the shortest utterances of either kind, no text twice."""
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    rows = sorted(map(json.loads, lines), key=lambda row: row["duration_s"])
    found = []
    for kind in KINDS:
        texts = {row["text"]: row for row in reversed(rows) if row["kind"] == kind}
        found += [*reversed(texts.values())][: n // len(KINDS)]
    return [row | {"file": str(folder / row["file"])} for row in found]


def sound_of(row):
    with open_recording(Path(row["file"]), "x") as recording:
        sound = np.concatenate([*recording])
    start = round(row["offset_s"] * SAMPLE_RATE)
    return sound[start : start + round(row["duration_s"] * SAMPLE_RATE)]


@pytest.mark.soak
@pytest.mark.parametrize(("n", "steps", "seconds"), [(2, 300, 4), (20, 2400, 8)], ids=["2", "20"])
def test_what_the_plain_model_has_heard_it_reads(
    shared_folder, tmp_path, capsys, n, steps, seconds
):
    rows = shortest(shared_folder / "train" / "synth", n)
    assert len(rows) == n
    manifest, folder, packed = (tmp_path / name for name in ("m.jsonl", "run", "packed"))
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    numbers = {"held_back": 0, "augmentation": 0, "join_share": 0, "batch_seconds": seconds}
    numbers |= {"steps": steps, "warmup": 40, "average": 0.9}
    numbers |= {"validate_every": steps // 6, "save_every": steps}
    changes = [part for name, value in numbers.items() for part in ("--set", f"{name}={value}")]
    command = ["train", str(manifest), "--preset", "plain", "--folder", str(folder), *changes]
    assert main([*command, "--pack", str(packed)]) == 0

    log = map(json.loads, (folder / "log.jsonl").read_text(encoding="utf-8").splitlines())
    kept = [row["validation"] for row in log if row.get("kept")]
    assert kept[-1] == {way: {"mixed-synthetic": 0.0} for way in WAYS}

    capsys.readouterr()
    for row in rows:
        recording = tmp_path / "recording.wav"
        sf.write(recording, sound_of(row), SAMPLE_RATE)
        for mode in WAYS:
            reading = ["--model", str(packed), "--decode", mode, "--verbatim"]
            assert main(["transcribe", str(recording), *reading]) == 0
            assert error_rate([row["text"]], [capsys.readouterr().out]) == 0
