"""The greedy answers are transformers' own, and end where they should."""

import pytest
import torch
from tiny_qwen3 import write_model

from asr_core.engines.qwen3_asr.folder import load_folder
from asr_core.engines.qwen3_asr.generation import answers, log_likelihood
from asr_core.engines.qwen3_asr.placing import Placement
from asr_core.engines.qwen3_asr.prompt import question
from asr_core.settings import Settings

LIMIT = 24


@pytest.fixture(scope="module")
def random(loaded):
    return loaded("random-hf/model")


def asked(processor, windows, *questions):
    return processor(text=[*questions], audio=[window.waveform for window in windows])


def last(placed, inputs, limits):
    (*_, rows) = answers(placed, inputs, limits)
    return rows


def test_the_tokens_are_those_of_generate(random, windows):
    placed, processor = random
    inputs = asked(processor, windows, question("Ann"), question(language="zh"), question())
    rows = last(placed, inputs, [LIMIT] * 3)
    with torch.inference_mode():
        whole = placed.model.generate(**inputs, max_new_tokens=LIMIT, do_sample=False)
    wanted = whole[:, inputs["input_ids"].shape[1] :].tolist()
    for row, tokens in zip(rows, wanted, strict=True):
        assert len(set(row.tokens)) > 1  # or it would prove little
        assert row.tokens == tokens[: len(row.tokens)]
        assert len(row.tokens) == LIMIT or row.looped or tokens[len(row.tokens)] in placed.ends


def test_a_padded_batch_answers_as_each_alone(random, windows):
    placed, processor = random
    questions = [question("Ann"), question(language="zh"), question()]
    limits = [LIMIT, 3, 11]  # rows leave the batch at different times
    together = last(placed, asked(processor, windows, *questions), limits)
    for window, text, limit, row in zip(windows, questions, limits, together, strict=True):
        (alone,) = last(placed, asked(processor, [window], text), [limit])
        assert row.tokens == alone.tokens
        # Not closer: silence behind a sound in a batch changes the features of its last frame.
        assert row.log_probs == pytest.approx(alone.log_probs, abs=5e-3)


@pytest.mark.parametrize("language", ["zh", "fil"])
def test_the_probability_of_a_beginning_is_the_sum_of_its_tokens(random, windows, language):
    placed, processor = random
    inputs = asked(processor, windows[:1], question(language=language))
    named = question(language=language).removeprefix(question())
    n = len(processor.tokenizer.encode(named))
    with torch.inference_mode():
        log_probs = placed.model(**inputs).logits[0].log_softmax(-1)
    ids = inputs["input_ids"][0]
    wanted = sum(log_probs[i - 1, ids[i]].item() for i in range(len(ids) - n, len(ids)))
    assert log_likelihood(placed, inputs, n) == pytest.approx(wanted, abs=1e-3)


def test_whoever_goes_round_in_circles_is_stopped_and_cut(tmp_path, windows):
    folder = write_model(tmp_path / "m", "hf", ["<asr_text>", "So", " ha", " hi", " ha"])
    placed, processor = load_folder(folder, Placement(Settings(device="cpu")))
    (row,) = last(placed, asked(processor, windows[:1], question()), [500])
    assert row.looped
    assert processor.tokenizer.decode(row.tokens) == "<asr_text>So ha hi"
    assert len(row.log_probs) == len(row.tokens)


def test_every_token_is_a_chance_to_stop(random, windows):
    placed, processor = random
    steps = answers(placed, asked(processor, windows[:1], question()), [LIMIT])
    assert len(next(steps)[0].tokens) == 1
    assert len(next(steps)[0].tokens) == 2
    steps.close()


def test_values_too_large_for_16_bits_make_the_model_float32(tmp_path, windows):
    folder = write_model(tmp_path / "m", "hf", ["<asr_text>", "Hello"])
    placed, processor = load_folder(folder, Placement(Settings(device="cpu", precision="bfloat16")))
    with torch.no_grad():
        placed.model.model.language_model.norm.weight.fill_(float("inf"))
    inputs = asked(processor, windows[:1], question())
    last(placed, inputs, [2])
    assert placed.dtype == torch.float32
    assert {p.dtype for p in placed.model.parameters()} == {torch.float32}
    assert placed.notes == ["bfloat16 overflowed; going on in float32."]
