"""Words get times within the speech, and segments end at pauses and sentences."""

from itertools import pairwise

import numpy as np
import pytest

from asr_core.engines.passages import Passage
from asr_core.engines.words import passage_segments
from asr_core.text.tokenizer import TokenWord

RATE = 16_000


def passage(duration: float, *spans: tuple[float, float], start: float = 0.0) -> Passage:
    return Passage(start, np.zeros(int(duration * RATE), np.float32), spans, "en")


def words(*texts: str) -> list[TokenWord]:
    return [TokenWord(text, float(i), float(i + 1)) for i, text in enumerate(texts)]


def segments(heard: Passage, texts: list[str], times: list[tuple[float, float]]):
    log_probs = [-0.1] * len(texts)
    return list(passage_segments(heard, words(*texts), times, log_probs))


def test_a_pause_begins_a_new_segment():
    found = segments(
        passage(10, (0, 2), (4, 6)), ["One", "two.", "Three."], [(0, 1), (1, 2), (4, 6)]
    )
    assert [s.text for s in found] == ["One two.", "Three."]
    assert [(s.start, s.end) for s in found] == [(0, 2), (4, 6)]
    assert all(s.language == "en" for s in found)


def test_a_long_segment_ends_with_its_sentence():
    texts = ["a", "b.", "c", "d.", "e"]
    found = segments(passage(20, (0, 20)), texts, [(4 * i, 4 * i + 4) for i in range(5)])
    assert [s.text for s in found] == ["a b.", "c d.", "e"]


def test_words_are_moved_out_of_the_pause_they_were_heard_in():
    found = segments(
        passage(10, (0, 2), (4, 6)), ["One", "two", "three"], [(0, 1.5), (1.5, 4.6), (4.6, 9)]
    )
    times = [(w.start, w.end) for s in found for w in s.words]
    for start, end in times:
        assert any(a <= start <= end <= b for a, b in [(0, 2), (4, 6)])


def test_times_never_go_back_and_stay_within_the_passage():
    generator = np.random.default_rng(3)
    texts = [f"w{i}" for i in range(40)]
    edges = np.sort(generator.uniform(100, 130, 41))
    times = [(a + generator.normal(), b + generator.normal()) for a, b in pairwise(edges)]
    heard = passage(30, (100, 111), (112, 129), start=100.0)
    found = [word for s in segments(heard, texts, times) for word in s.words]
    assert [word.text for word in found] == texts
    assert all(100 <= w.start <= w.end <= 130 for w in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_characters_of_one_token_share_its_time():
    heard = Passage(0.0, np.zeros(RATE, np.float32), ((0.0, 1.0),), "zh")
    shared = [TokenWord("们", 0.0, 0.5), TokenWord("好，", 0.5, 1.0)]
    (segment,) = passage_segments(heard, shared, [(0.2, 0.6)], [-0.5])
    assert segment.text == "们好，"
    assert [w.start for w in segment.words] == pytest.approx([0.2, 0.4])
    assert [w.end for w in segment.words] == pytest.approx([0.4, 0.6])
    assert segment.confidence == pytest.approx(np.exp(-0.5))


def test_no_words_give_no_segment():
    assert segments(passage(3, (0, 3)), [], []) == []
