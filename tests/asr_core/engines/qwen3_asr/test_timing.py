"""When words were said: as the aligner's makers do it, else by the bundled CTC, or by length."""

import pytest
import torch
from transformers import AutoProcessor

from asr_core.engines.qwen3_asr.timing import ForcedAligner
from asr_core.engines.times import WordTimes
from asr_core.result import Segment, Word

TEXT = "你好, Bob's e-mail — ok."
WORDS = ["你", "好", ",", "Bob's", "e-mail", "—", "ok."]


def nobody(window, text, language):
    return None


@pytest.mark.parametrize("form", ["hf", "original"])
def test_the_times_are_those_of_the_published_way(folders, loaded, windows, form):
    """A random aligner's times: they prove the arithmetic, nothing else."""
    placed, processor = loaded(f"aligned-{form}/aligner")
    window = windows[1]
    found = ForcedAligner(placed, processor).times(window, WORDS, "zh")
    theirs = AutoProcessor.from_pretrained(folders / "aligned-hf" / "aligner")
    inputs, words = theirs.prepare_forced_aligner_inputs(window.waveform, TEXT, "zh")
    assert words == [["你", "好", "Bob's", "email", "ok"]]
    with torch.inference_mode():
        logits = placed.model(**inputs).logits
    (wanted,) = theirs.decode_forced_alignment(
        logits, inputs["input_ids"], words, placed.model.config.timestamp_token_id
    )
    edges = [4.0 + item[edge] for item in wanted for edge in ("start_time", "end_time")]
    assert len(set(edges)) > 1  # or it would prove little
    assert [edge for span in found if span for edge in span] == pytest.approx(edges)
    assert [i for i, span in enumerate(found) if span is None] == [2, 5]  # not to be heard


@pytest.mark.parametrize(("words", "language"), [(WORDS, "vi"), (["—"], "en"), ([], "en")])
def test_what_the_aligner_does_not_know_is_left_to_others(loaded, windows, words, language):
    aligner = ForcedAligner(*loaded("aligned-hf/aligner"))
    assert aligner.times(windows[0], words, language) is None


def test_the_bundled_model_is_asked_next(loaded, windows):
    words = (Word("ok.", 0.5, 0.75, 1.0),)
    heard = Segment(0.5, 0.75, "vi", "ok.", 1.0, words)
    times = WordTimes(lambda: ForcedAligner(*loaded("aligned-hf/aligner")), lambda *asked: heard)
    assert times(windows[0], "ok.", ["ok."], "vi") == [(0.5, 0.75)]
    assert times(windows[0], "ok ok", ["ok", "ok"], "vi") == [(0.0, 1.5), (1.5, 3.0)]  # not its own


def test_words_share_the_time_where_nobody_knows(windows):
    times = WordTimes(lambda: None, nobody)
    assert times(windows[0], "a bb", ["a", "bb"], "fil") == [(0.0, 1.0), (1.0, 3.0)]
