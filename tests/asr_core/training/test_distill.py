"""Distillation of tiny random models: it goes the right way, and what is frozen stays bit for bit.

Random weights prove the path, not that anything is recognized better.
"""

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
from asr_core.model.precision import place
from asr_core.quantize.fake import fake_quantize
from asr_core.quantize.parts import Forms
from asr_core.training.corpus import SoundCache, Utterance, read_corpus
from asr_core.training.distill import learning, losses, material, sampled
from asr_core.training.distill_base import distilling
from asr_core.training.examples import Examples
from asr_core.training.loop import LOG, Run, Task
from asr_core.training.losses import IGNORED, fed_and_wanted
from asr_core.training.recipe import PRESETS
from asr_core.training.targets import Target
from asr_core.training.validate import Report

RECIPE = replace(
    PRESETS["qad-int4"],
    steps=40,
    batch_seconds=8.0,
    decoder_rate=3e-3,
    label_weight=0.0,  # what is said in the corpus is nothing to a teacher of random weights
    warmup=4,
    usual=3.0,
    longest=4.0,
    tail=0.2,
    validate_every=40,
    save_every=10,
)


def tiny_model():
    torch.manual_seed(0)
    encoder = EncoderConfig(d_model=32, n_heads=2, n_layers=1, d_ff=64, conv_norm="layer_norm")
    decoder = DecoderConfig(6, d_model=32, n_heads=2, n_layers=2, d_ff=64, tied_output=True)
    model = HybridModel(ModelConfig(encoder, decoder, n_units=6))
    with torch.no_grad():  # larger, or what four bits lose would hardly be seen
        for block in model.decoder.blocks:
            for weight in block.parameters():
                weight.mul_(3)
    return model.eval().requires_grad_(False)


def run_in(folder, tmp_path):
    utterances = read_corpus([write_corpus(tmp_path / "corpus")])
    examples = Examples(utterances, SoundCache(tmp_path / "cache"), LetterWriter(), log_mel, RECIPE)
    student = fake_quantize(tiny_model(), Forms("int4", "int4", "int4"))
    objective = distilling(student, place(tiny_model(), "cpu", "float32"), RECIPE)
    task = Task(learning(student, RECIPE), objective, lambda tail: Report({}, {}, {}), 0.0)
    return Run(student, task, examples, RECIPE, folder, nullcontext)


def log_of(folder):
    rows = [json.loads(line) for line in (folder / LOG).read_text().splitlines()]
    return [row["divergence"] for row in rows if "divergence" in row]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    torch.set_num_threads(1)
    tmp_path = tmp_path_factory.mktemp("run")
    run = run_in(tmp_path / "whole", tmp_path)
    before = {name: weight.clone() for name, weight in run.model.named_parameters()}
    for _ in run.steps():
        pass
    return tmp_path, before, dict(run.model.named_parameters())


def test_the_student_comes_nearer_to_its_teacher(done):
    found = log_of(done[0] / "whole")
    assert len(found) == RECIPE.steps
    assert sum(found[-5:]) < 0.7 * sum(found[:5])


def test_encoder_and_output_are_bit_for_bit_what_they_were(done):
    _, before, after = done
    changed = {name for name, weight in after.items() if not torch.equal(weight, before[name])}
    assert changed == {name for name in after if name.startswith("decoder.blocks.")}
    frozen = ("encoder.", "ctc.", "decoder.embed.", "decoder.norm.")
    assert all(any(name.startswith(part) for name in before.keys() - changed) for part in frozen)


def test_a_stopped_run_goes_on_bit_for_bit(done):
    tmp_path, _, whole = done
    run = run_in(tmp_path / "stopped", tmp_path)
    for step in run.steps():
        if step.number == 25:  # five steps behind its last checkpoint
            break
    again = run_in(tmp_path / "stopped", tmp_path)
    assert again.step == 20
    for _ in again.steps():
        pass
    assert log_of(tmp_path / "stopped") == log_of(tmp_path / "whole")
    found = dict(again.model.named_parameters())
    assert all(torch.equal(found[name], weight) for name, weight in whole.items())


def test_the_losses_are_divergence_and_cross_entropy():
    teacher = torch.tensor([[0.5, 0.25, 0.25], [1.0, 1e-30, 1e-30]]).log()
    student = torch.tensor([[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]]).log()
    recipe = replace(RECIPE, divergence_weight=2.0, label_weight=0.5)
    total, parts = losses(student, teacher, torch.tensor([0, 2]), recipe)
    log2 = 0.693147
    assert parts["divergence"] == pytest.approx((0.25 * log2 + log2) / 2, abs=1e-5)
    assert parts["labels"] == pytest.approx(2 * log2, abs=1e-5)
    assert float(total) == pytest.approx(
        2.0 * parts["divergence"] + 0.5 * parts["labels"], abs=1e-5
    )


def test_of_a_student_that_is_its_teacher_there_is_no_divergence():
    log_probs = torch.randn(4, 7).log_softmax(-1)
    _, parts = losses(log_probs, log_probs, torch.zeros(4, dtype=torch.long), RECIPE)
    assert parts["divergence"] == pytest.approx(0.0, abs=1e-6)


def test_only_the_response_is_asked_for():
    targets = [Target((7, 8), (1, 2, 9), ()), Target((7, 8), (3, 9), ())]
    fed, wanted = fed_and_wanted(targets)
    places = wanted != IGNORED
    assert fed[places].tolist() == [8, 1, 2, 8, 3]
    assert wanted[places].tolist() == [1, 2, 9, 3, 9]


def utterance(i, language="en", seconds=3.0, text="", synthetic=False):
    return Utterance(f"u{i}", None, 0.0, seconds, text, language, f"s{i}", synthetic)


def test_every_kind_of_speech_is_sampled_and_the_same_each_time():
    many = [utterance(i) for i in range(90)] + [utterance(i, "zh") for i in range(100, 105)]
    many += [utterance(i, "zh", 0.8) for i in range(200, 300)]  # single words
    found = sampled(many, 40, seed=1)
    assert [u.language for u in found].count("zh") == 5
    assert [u.language for u in found].count("en") == 20
    assert found == sampled(many, 40, seed=1) != sampled(many, 40, seed=2)


def corpus_of(folder, texts):
    rows = [
        {"id": f"u{i}", "file": "x.wav", "duration_s": 3, "language": "en", "speaker": f"s{i}"}
        | {"text": text}
        for i, text in enumerate(texts)
    ]
    path = folder / "manifest.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_teacher_writes_what_is_learned_and_is_asked_once(tmp_path):
    texts = ["words of somebody"] * 10 + [None] * 30
    manifest = corpus_of(tmp_path, texts)
    asked = []

    def write():
        asked.append(True)
        return lambda utterances: [(u, "As the teacher has it.") for u in utterances]

    recipe = replace(RECIPE, held_back=0.3, labelled=20)
    for _ in range(2):
        learned, sample = material([manifest], recipe, write, tmp_path)
        assert {u.text for u in learned} == {"As the teacher has it."}
        assert len(learned) == 20
        assert {u.text for u in sample} == {"words of somebody"}
        assert not {u.speaker for u in learned} & {u.speaker for u in sample}
    assert asked == [True]


def test_too_little_speech_is_a_sentence(tmp_path):
    manifest = corpus_of(tmp_path, [None] * 10)
    with pytest.raises(AsrError, match="too little speech to learn from"):
        material([manifest], RECIPE, lambda: lambda us: [(u, "A text.") for u in us], tmp_path)
