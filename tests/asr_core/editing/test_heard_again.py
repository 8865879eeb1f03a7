"""Passages heard a second time take their places, and nothing of their neighbors comes along."""

from dataclasses import replace

from asr_core.editing.heard_again import with_passage, with_times
from asr_core.result import Language, Segment, Transcript, Word


def segment(text, start, language="en"):
    """A word a second."""
    words = text.split() if language == "en" else list(text)
    timed = tuple(Word(w, start + i, start + i + 1, 0.9) for i, w in enumerate(words))
    return Segment(start, timed[-1].end, language, text, 0.9, timed)


ONE, TWO, THREE = segment("one two", 0.0), segment("three four", 3.0), segment("five six", 6.0)
TALK = Transcript(
    "talk.wav", 8.0, (ONE, TWO, THREE), Language(0, 1, 0, "en"), "light", "joint", ("A note.",)
)


def test_a_passage_takes_the_place_of_what_was_heard_before():
    new = segment("三四", 3.0, "zh")
    changed = with_passage(TALK, TWO, (new,))
    assert changed.segments == (ONE, new, THREE)
    assert changed.language.label == "mixed"
    assert changed.notes == TALK.notes


def test_words_of_the_neighbors_are_left_out():
    wide = segment("two four five", 1.4)  # one second each: up to 4.4
    changed = with_passage(TALK, replace(TWO, start=2.5), (wide,))
    assert changed is None  # that passage is not there
    changed = with_passage(TALK, TWO, (wide, segment("six", 6.4)))
    assert [s.text for s in changed.segments] == ["one two", "four five", "five six"]
    assert changed.segments[1].start == 2.4


def test_nothing_heard_changes_nothing():
    assert with_passage(TALK, TWO, ()) is None
    assert with_passage(TALK, TWO, (segment("far", 7.0),)) is None


def test_words_take_the_times_that_were_heard():
    heard = segment("three four", 3.5)
    changed = with_times(TALK, TWO, heard)
    assert [word.start for word in changed.segments[1].words] == [3.5, 4.5]
    assert changed.segments[1].text == TWO.text
    assert changed.text == TALK.text


def test_words_that_are_cut_otherwise_share_times():
    passage = replace(TWO, text="thr ee4", words=(Word("thr", 3, 4, 1.0), Word("ee4", 4, 5, 1.0)))
    talk = replace(TALK, segments=(passage,))
    heard = Segment(3, 5, "en", "three4", 1.0, (Word("three4", 3.0, 4.2, 1.0),))
    changed = with_times(talk, passage, heard)
    times = [(round(w.start, 3), round(w.end, 3)) for w in changed.segments[0].words]
    assert times == [(3.0, 3.6), (3.6, 4.2)]


def test_another_text_gives_no_times():
    assert with_times(TALK, TWO, segment("three five six", 3.5)) is None
    assert with_times(TALK, replace(TWO, text="gone"), segment("gone", 3.5)) is None
