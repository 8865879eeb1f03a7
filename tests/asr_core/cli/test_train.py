"""`sottovoce train`: numbers of the recipe, and the whole recipe on a few real utterances."""

import json

import pytest
import torch

from asr_core.cli import main
from asr_core.cli.train import adjusted
from asr_core.errors import AsrError
from asr_core.model.plain import load_plain
from asr_core.training.loop import BEST
from asr_core.training.recipe import PRESETS

BASE = PRESETS["base"]


def test_numbers_of_a_recipe_can_be_set():
    found = adjusted(BASE, ["steps=7", "ctc_weight=0.5"])
    assert (found.steps, found.ctc_weight) == (7, 0.5)
    assert found.head_steps == BASE.head_steps


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("speed=3", "has no number 'speed'"),
        ("shares=1", "has no number 'shares'"),
        ("steps=many", "'many' is no value of steps"),
        ("steps", "'' is no value of steps"),
    ],
)
def test_a_wrong_number_is_one_sentence(change, said):
    with pytest.raises(AsrError, match=said):
        adjusted(BASE, [change])


def test_a_missing_manifest_is_said(tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["train", str(tmp_path / "none.jsonl"), "--folder", str(run)]) == 1
    assert "none.jsonl is not a manifest" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (["--model", "sottovoce-base"], "--model is for the presets qad-int8 and qad-int4"),
        (["--preset", "qad-int4", "--model", "no-such"], "There is no model 'no-such'"),
        (["--preset", "qad-int4", "--model", "."], "cannot be distilled. Choose sottovoce-base or"),
    ],
)
def test_a_model_that_cannot_be_distilled_is_said(tmp_path, capsys, monkeypatch, chosen, said):
    monkeypatch.chdir(tmp_path)
    line = ["train", str(tmp_path / "none.jsonl"), "--folder", str(tmp_path / "run"), *chosen]
    assert main(line) == 1
    assert said in capsys.readouterr().err


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_smoke_recipe_runs_to_its_end_and_the_ctc_loss_falls(shared_folder, tmp_path, capsys):
    corpus = shared_folder / "train"
    rows = [row for row in read(corpus / "synth" / "manifest.jsonl") if row["duration_s"] < 3][:30]
    for row in rows:
        row["file"] = str(corpus / "synth" / row["file"])
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    folder = tmp_path / "run"

    command = ["train", str(manifest), "--folder", str(folder), "--preset", "smoke"]
    assert main(command) == 0

    losses = [row["ctc"] for row in read(folder / "log.jsonl") if "ctc" in row]
    assert len(losses) == PRESETS["smoke"].steps
    assert sum(losses[-3:]) < 0.5 * sum(losses[:3])
    assert (folder / "plot.svg").exists()

    assert main(command) == 0  # it is done: nothing comes after the last step
    assert "Going on from step 12 of 12." in capsys.readouterr().err


def test_the_plain_model_trains_from_nothing(shared_folder, tmp_path, capsys):
    corpus = shared_folder / "train"
    rows = [row for row in read(corpus / "synth" / "manifest.jsonl") if row["duration_s"] < 3][:4]
    for row in rows:
        row["file"] = str(corpus / "synth" / row["file"])
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    folder = tmp_path / "run"

    numbers = {"steps": 4, "batch_seconds": 4, "warmup": 1, "held_back": 0, "validate_every": 4}
    changes = [part for n, value in numbers.items() for part in ("--set", f"{n}={value}")]
    command = ["train", str(manifest), "--folder", str(folder), "--preset", "plain", *changes]
    assert main(command) == 0
    log = read(folder / "log.jsonl")
    assert [row["step"] for row in log if "ctc" in row] == [1, 2, 3, 4]
    assert log[-1]["validation"].keys() == {"ctc", "attention", "joint"}

    assert main([*command, "--pack", str(tmp_path / "packed")]) == 0
    assert "The trained weights are in" in capsys.readouterr().err
    model, pieces = load_plain(tmp_path / "packed")
    assert model.config.n_units == len(pieces.texts)
    kept = torch.load(folder / BEST, weights_only=True)["weights"]
    assert torch.equal(model.ctc.proj.weight, kept["ctc.proj.weight"])
    assert model.encoder.istd.max() != 1  # the features' deviation travels with the weights
