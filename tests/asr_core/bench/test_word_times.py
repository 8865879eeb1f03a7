"""Joins of known words, and how far a transcript is off."""

from pathlib import Path

import numpy as np
import pytest

from asr_core.bench.word_times import Join, join, time_errors, trimmed
from asr_core.result import Language, Segment, Transcript, Word
from asr_core.training.corpus import Utterance


class Tones:
    """Half a second of tone with silence around it, whatever is asked for."""

    def waveform(self, utterance):
        tone = np.sin(np.arange(8000) / 5).astype(np.float32)
        return np.concatenate([np.zeros(1600, np.float32), tone, np.zeros(3200, np.float32)])


def test_a_word_is_trimmed_to_its_sound():
    assert len(trimmed(Tones().waveform(None))) == pytest.approx(8000, abs=160)
    assert len(trimmed(np.zeros(0, np.float32))) == 0


def test_the_times_of_a_join_are_where_its_sound_is():
    words = [Utterance(str(i), Path(), 0.0, 1.0, f"w{i}", "en", "s", False) for i in range(3)]
    made = join(words, Tones(), np.random.default_rng(0))
    assert [text for text, _ in made.words] == ["w0", "w1", "w2"]
    for _, (start, end) in made.words:
        assert end - start == pytest.approx(0.5, abs=0.02)
        assert np.abs(made.waveform[round(start * 16000) : round(end * 16000)]).max() > 0.4
        assert not made.waveform[round(end * 16000) : round(end * 16000) + 700].any()


def test_errors_are_counted_of_words_that_were_recognized():
    wanted = Join("zh", np.zeros(0, np.float32), (("你好", (0.5, 1.0)), ("再见", (1.2, 1.8))))
    heard = [("你", 0.52, 0.7), ("好", 0.7, 0.95), ("在", 1.2, 1.5), ("见", 1.5, 1.9)]
    words = tuple(Word(text, start, end, 1.0) for text, start, end in heard)
    segment = Segment(0.5, 1.9, "zh", "你好在见", 1.0, words)
    transcript = Transcript("x", 2.0, (segment,), Language(1, 0, 0, "zh"), "e", "joint")
    assert time_errors(wanted, transcript) == pytest.approx([0.02, -0.05, 0.1])
