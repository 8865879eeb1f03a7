"""What the browser tells is done to the desk: once each, and only to the text a person saw."""

from dataclasses import replace

import pytest

from asr_core.editing.desk import Desk
from asr_core.editing.quotes import Quote
from asr_core.result import Language, Segment, Transcript, Word
from ui_components.editor_events import apply_events


def passage(text, start, confidence=0.9):
    words = tuple(
        Word(word, start + i, start + i + 0.5, confidence) for i, word in enumerate(text.split())
    )
    return Segment(start, start + 9.0, "en", text, 0.9, words)


@pytest.fixture
def desk():
    segments = (passage("we flew to Perris", 0.0, 0.2), passage("from Perris", 10.0, 0.2))
    return Desk(Transcript("talk", 20.0, segments, Language(0, 1, 0, "en"), "base", "joint"))


def send(desk, *events, editor="a", first=1, **callbacks):
    numbered = [{"number": first + i, **event} for i, event in enumerate(events)]
    apply_events(desk, {"editor": editor, "events": numbered}, **callbacks)


def correct(*passages):
    return {"kind": "correct", "passages": [list(one) for one in passages]}


def texts(desk):
    return [segment.text for segment in desk.current.segments]


def test_a_correction_is_done_and_told(desk):
    told = []
    send(desk, correct((1, "from Perris", "from Paris")), on_corrected=told.append)
    assert texts(desk) == ["we flew to Perris", "from Paris"]
    assert told == [1]


def test_an_event_that_comes_again_is_done_once(desk):
    events = [correct((1, "from Perris", "from Paris")), {"kind": "undo"}]
    send(desk, *events)
    send(desk, *events, correct((0, "we flew to Perris", "we flew")))
    assert texts(desk) == ["we flew", "from Perris"]
    assert desk.applied == {"a": 3}


def test_an_editor_that_was_opened_anew_counts_from_one(desk):
    send(desk, correct((1, "from Perris", "from Paris")), editor="a")
    send(desk, correct((1, "from Paris", "from Lima")), editor="b")
    assert texts(desk)[1] == "from Lima"


def test_corrections_of_one_passage_follow_each_other_before_the_page_is_drawn(desk):
    send(
        desk,
        correct((1, "from Perris", "from Paris")),
        correct((1, "from Paris", "from Paris, France")),
    )
    assert texts(desk)[1] == "from Paris, France"


@pytest.mark.parametrize(
    "event",
    [
        correct((1, "another text", "from Paris")),
        correct((7, "from Perris", "from Paris")),
        correct((1, "from Perris", "  ")),
        correct((1, "from Perris", "from Perris ")),
        {"kind": "settle", "passage": 0, "was": "?", "word": 3, "text": "x", "everywhere": True},
        {"kind": "speaker", "passage": 0, "was": "?", "name": "Ann"},
        {"kind": "quote", "passage": 0, "was": "?", "first": 0, "last": 1},
        {"kind": "rerun", "passage": 0, "was": "?", "language": "zh"},
    ],
)
def test_what_names_another_text_or_changes_nothing_is_left_undone(desk, event):
    before, told = desk.current, []
    send(desk, event, on_rerun=lambda *what: told.append(what), on_corrected=told.append)
    assert desk.current is before
    assert desk.quotes == ()
    assert told == []
    assert not desk.can_undo


def test_many_passages_are_corrected_in_one_step(desk):
    send(
        desk,
        correct((0, "we flew to Perris", "we flew to Paris"), (1, "from Perris", "from Paris")),
    )
    assert texts(desk) == ["we flew to Paris", "from Paris"]
    desk.undo()
    assert texts(desk) == ["we flew to Perris", "from Perris"]


def test_the_person_corrects_what_is_shown(desk):
    tidy = replace(desk.current.segments[1], text="From Perris.")
    desk.shown = replace(desk.shown, segments=(desk.shown.segments[0], tidy))
    send(desk, correct((1, "From Perris.", "From Paris.")))
    assert texts(desk)[1] == "From Paris."
    send(
        desk,
        {"kind": "speaker", "passage": 1, "was": "From Paris.", "name": "Ann"},
        first=2,
    )
    assert desk.current.segments[1].speaker == "Ann"


def test_a_doubtful_word_is_settled_here_or_everywhere(desk):
    settle = {"kind": "settle", "passage": 0, "was": "we flew to Perris", "word": 3}
    send(desk, {**settle, "text": "Paris", "everywhere": False})
    assert texts(desk) == ["we flew to Paris", "from Perris"]
    send(desk, {"kind": "undo"}, {**settle, "text": "Paris", "everywhere": True}, first=2)
    assert texts(desk) == ["we flew to Paris", "from Paris"]


def test_quotes_are_kept_with_their_times_and_each_once(desk):
    quote = {"kind": "quote", "passage": 0, "was": "we flew to Perris", "first": 1, "last": 2}
    send(desk, quote, quote)
    assert desk.quotes == (Quote("flew to", 1.0, 2.5),)
    assert not desk.can_undo


def test_a_passage_without_words_is_quoted_whole(desk):
    bare = Segment(3.0, 4.0, "zh", "你好", 0.9, speaker="Ann")
    desk.put(replace(desk.current, segments=(bare,)))
    send(desk, {"kind": "quote", "passage": 0, "was": "你好", "first": 0, "last": 5})
    assert desk.quotes == (Quote("你好", 3.0, 4.0, "Ann"),)


def test_a_passage_is_recognized_again_only_where_that_is_offered(desk):
    again = {"kind": "rerun", "passage": 1, "was": "from Perris", "language": "zh"}
    send(desk, again)
    asked = []
    send(desk, again, first=2, on_rerun=lambda *what: asked.append(what))
    assert asked == [(1, "zh")]
