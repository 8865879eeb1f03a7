"""A tiny model of random weights learns to read tones; a run that was stopped goes on exactly."""

import json
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from tones import LetterWriter, write_corpus

from asr_core.audio.features import log_mel
from asr_core.errors import AsrError
from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import HybridModel, ModelConfig
from asr_core.search.types import SearchOptions
from asr_core.training.corpus import SoundCache, read_corpus
from asr_core.training.examples import Examples
from asr_core.training.loop import BEST, LOG, Run, Task, parts_of
from asr_core.training.losses import joint_objective
from asr_core.training.plot import plot
from asr_core.training.recipe import Recipe
from asr_core.training.validate import Validator

RECIPE = Recipe(
    steps=80,
    head_steps=4,
    batch_seconds=16.0,
    new_rate=5e-3,
    head_rate=3e-3,
    warmup=4,
    usual=3.0,
    longest=4.0,
    tail=0.2,
    augmentation=0.0,
    attention_share=1.0,
    validate_every=40,
    save_every=10,
)


def tiny_model():
    torch.manual_seed(0)
    encoder = EncoderConfig(d_model=32, n_heads=2, n_layers=1, d_ff=64, conv_norm="layer_norm")
    decoder = DecoderConfig(vocab_size=6, d_model=32, n_heads=2, n_layers=1, d_ff=64)
    return HybridModel(ModelConfig(encoder, decoder, n_units=6, language_head=True))


def run_in(folder, tmp_path, recipe=RECIPE, loses=False):
    utterances = read_corpus([write_corpus(tmp_path / "corpus")])
    sounds, writer = SoundCache(tmp_path / "cache"), LetterWriter()
    validator = Validator(sounds, writer, log_mel, SearchOptions(eos_id=1, beam_size=1))

    model = tiny_model()

    def report(tail):
        return validator.report(model, utterances[:6], tail)

    examples = Examples(utterances, sounds, writer, log_mel, recipe)
    parts = parts_of(model, recipe, grown=False)
    task = Task(parts, joint_objective(model, recipe), report, model.config.tail)
    return Run(model, task, examples, recipe, folder, nullcontext)


def log_of(folder):
    return [json.loads(line) for line in (folder / LOG).read_text().splitlines()]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    torch.set_num_threads(1)
    tmp_path = tmp_path_factory.mktemp("run")
    run = run_in(tmp_path / "whole", tmp_path)
    for _ in run.steps():
        pass
    return tmp_path


def test_the_losses_fall_and_the_best_weights_are_kept(done):
    losses = [row["ctc"] for row in log_of(done / "whole") if "ctc" in row]
    assert len(losses) == RECIPE.steps
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
    reports = [row for row in log_of(done / "whole") if "validation" in row]
    assert [row["step"] for row in reports] == [0, 40, 80]
    assert any(row["kept"] for row in reports) == (done / "whole" / BEST).exists()


def test_a_stopped_run_goes_on_bit_for_bit(done):
    folder = done / "stopped"
    run = run_in(folder, done)
    for step in run.steps():
        if step.number == 25:  # five steps behind its last checkpoint
            break
    again = run_in(folder, done)
    assert again.step == 20
    for _ in again.steps():
        pass
    ours, whole = ([r["ctc"] for r in log_of(done / f) if "ctc" in r] for f in ("stopped", "whole"))
    assert ours == whole


def test_another_recipe_does_not_go_on_in_the_same_folder(done):
    with pytest.raises(AsrError, match="another recipe"):
        run_in(done / "whole", done, replace(RECIPE, seed=2))


def test_the_heads_learn_alone_first(tmp_path):
    torch.set_num_threads(1)
    run = run_in(tmp_path / "run", tmp_path, replace(RECIPE, steps=3))
    before = {name: weight.clone() for name, weight in run.model.named_parameters()}
    for _ in run.steps():
        pass
    changed = {n for n, w in run.model.named_parameters() if not torch.equal(w, before[n])}
    assert changed
    assert all(name.startswith(("ctc.", "language.")) for name in changed)


def test_weights_that_lose_on_real_speech_are_not_kept(tmp_path):
    torch.set_num_threads(1)
    run = run_in(tmp_path / "run", tmp_path, replace(RECIPE, steps=2, head_steps=0))
    perfect = run._task.validate(0.2)
    run.first = replace(perfect, attention=dict.fromkeys(perfect.attention, -1.0))
    for _ in run.steps():
        pass
    assert not (tmp_path / "run" / BEST).exists()
    assert log_of(tmp_path / "run")[-1]["loses"]


def test_the_plot_has_a_curve_for_every_loss_and_rate(done):
    plot(done / "whole" / LOG, done / "plot.svg")
    picture = (done / "plot.svg").read_text()
    for name in ("ctc", "attention", "language", "ctc en-real", "attention en-real"):
        assert f">{name}</text>" in picture
