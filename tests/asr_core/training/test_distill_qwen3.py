"""The same distillation of a tiny Qwen3-ASR: made-up weights prove the path, no recognition."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile as sf
import torch
from tiny_qwen3 import ENGLISH, PLAIN, write_model

from asr_core.audio.segment import Window
from asr_core.cli import main
from asr_core.engines import load_engine
from asr_core.engines.qwen3_asr.folder import load_folder
from asr_core.engines.qwen3_asr.generation import log_likelihood
from asr_core.engines.qwen3_asr.placing import Placement
from asr_core.engines.qwen3_asr.prompt import question
from asr_core.errors import AsrError
from asr_core.training.distill_qwen3 import AnswerSpeller, distilling, rounded
from asr_core.training.examples import Batch
from asr_core.training.loop import BEST
from asr_core.training.recipe import PRESETS

RECIPE = PRESETS["qad-int8"]
NUMBERS = {"steps": 10, "batch_seconds": 8, "warmup": 1, "validate_every": 10, "held_back": 0.3}
NUMBERS |= {"decoder_rate": 1e-3, "tail": 0.2, "average": 0.5, "usual": 3, "longest": 4}


@pytest.fixture(scope="module")
def distilled(tmp_path_factory, babble):
    """A model that was packed after ten steps, the one that it was made of, and the run."""
    torch.set_num_threads(1)
    tmp_path = tmp_path_factory.mktemp("qwen")
    model = write_model(tmp_path / "model" / "english", "original", ENGLISH)
    sf.write(tmp_path / "babble.wav", babble(24.0), 16_000)
    about = {"file": "babble.wav", "duration_s": 2.0, "language": "en", "text": "one two three"}
    rows = [{"id": f"u{i}", "offset_s": 2.0 * i, "speaker": f"s{i}", **about} for i in range(12)]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    changes = [part for name, value in NUMBERS.items() for part in ("--set", f"{name}={value}")]
    command = ["train", str(manifest), "--folder", str(tmp_path / "run"), "--preset", "qad-int8"]
    command += ["--model", str(model), "--pack", str(tmp_path / "packed"), "--device", "cpu"]
    assert main([*command, "--precision", "float32", *changes]) == 0
    return tmp_path / "packed", model, tmp_path / "run"


@pytest.fixture(scope="module")
def random(tmp_path_factory):
    """The folder of a model of random weights."""
    return write_model(tmp_path_factory.mktemp("qwen") / "model", "hf")


def batch_of(processor, texts):
    """Noise of unlike lengths, and what is to be said of it."""
    sounds = [torch.randn(16_000 * n, 1) * 0.1 for n in range(1, len(texts) + 1)]
    speller = AnswerSpeller(processor.tokenizer)
    return Batch(
        torch.nn.utils.rnn.pad_sequence(sounds, batch_first=True),
        torch.tensor([len(sound) for sound in sounds]),
        tuple(speller.target(text, "en") for text in texts),
        torch.ones(len(texts), dtype=torch.long),
        float(sum(len(sound) for sound in sounds) / 16_000),
    )


def test_it_trains_and_validates(distilled):
    rows = [json.loads(line) for line in (distilled[2] / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "divergence" in row] == [*range(1, 11)]
    assert [row["step"] for row in rows if "validation" in row] == [0, 10]
    assert all(row["validation"]["attention"] for row in rows if "validation" in row)


def test_audio_encoder_and_head_are_bit_for_bit_what_they_were(distilled):
    packed, model, run = distilled
    before, after = (
        load_folder(folder, Placement(PLAIN))[0].model.state_dict() for folder in (model, packed)
    )
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("model.language_model.layers.") for name in changed)
    kept = torch.load(run / BEST, weights_only=True)["weights"]
    assert all(torch.equal(after[name], weight) for name, weight in kept.items())


def test_layers_that_groups_do_not_fit_are_a_sentence(random):
    student = load_folder(random, Placement(PLAIN))[0].model
    with pytest.raises(AsrError, match=r"do not fit int4\. Choose the preset qad-int8"):
        rounded(student, PRESETS["qad-int4"])


def test_what_was_packed_is_a_model(distilled, babble):
    engine = load_engine(replace(PLAIN, engine=str(distilled[0])))
    window = Window(0.0, babble(2.0), ((0.0, 2.0),))
    found = [segment for r in engine.recognize([window], PLAIN) for segment in r.segments]
    assert "".join(segment.text for segment in found) == "Hello world. Good morning!"


def test_an_answer_is_spelled_as_the_model_writes_it(distilled):
    tokenizer = load_folder(distilled[0], Placement(PLAIN))[1].tokenizer
    target = AnswerSpeller(tokenizer).target("Good day.", "en")
    assert tokenizer.decode(target.prompt) == "language English<asr_text>"
    assert tokenizer.decode(target.tokens) == "Good day.<|im_end|>"


def test_the_loss_of_the_labels_is_the_likelihood_of_the_answers_in_a_batch_too(random):
    placed, processor = load_folder(random, Placement(PLAIN))
    texts = ["Good day.", "A longer text than the other."]
    torch.manual_seed(0)
    batch = batch_of(processor, texts)
    with torch.no_grad():
        _, found = distilling(placed.model, placed.model, processor, RECIPE)(batch, False)
    likelihoods = []
    for sound, n, target in zip(batch.features, batch.lengths, batch.targets, strict=True):
        asked = processor(text=[question()], audio=[np.asarray(sound[:n, 0])])
        said = torch.tensor([[*target.prompt, *target.tokens]])
        asked["input_ids"] = torch.cat([asked["input_ids"], said], dim=1)
        asked["attention_mask"] = torch.ones_like(asked["input_ids"])
        likelihoods.append(log_likelihood(placed, asked, len(target.tokens)))
    n_tokens = sum(len(target.tokens) for target in batch.targets)
    assert found["labels"] == pytest.approx(-sum(likelihoods) / n_tokens, rel=2e-3)
    assert found["divergence"] == pytest.approx(0.0, abs=1e-5)


def test_the_student_comes_nearer_to_its_teacher(random):
    teacher, processor = load_folder(random, Placement(PLAIN))
    student = load_folder(random, Placement(PLAIN))[0].model
    rounded(student, RECIPE)
    torch.manual_seed(0)
    with torch.no_grad():  # it has far to go, and nobody says what the texts say
        for weight in student.parameters():
            if weight.requires_grad:
                weight.add_(0.05 * torch.randn(weight.shape))
    recipe = replace(RECIPE, label_weight=0.0)
    objective = distilling(student.train(), teacher.model, processor, recipe)
    batch = batch_of(processor, ["Good day.", "A longer text than the other."])
    optimizer = torch.optim.AdamW([w for w in student.parameters() if w.requires_grad], lr=3e-3)
    found = []
    for _ in range(15):
        loss, parts = objective(batch, False)
        found.append(parts["divergence"])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert found[0] > 0.01
    assert found[-1] < 0.7 * found[0]
