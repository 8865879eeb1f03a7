from dataclasses import replace

from asr_core.editing.desk import Desk
from asr_core.editing.quotes import Quote
from asr_core.result import Language, Segment, Transcript, Word

FIRST = Transcript("talk.wav", 1.0, (), Language(0, 0, 0, "none"), "engine", "joint")


def named(name: str) -> Transcript:
    return replace(FIRST, name=name)


def test_corrections_are_undone_and_done_again():
    desk = Desk(FIRST)
    desk.put(named("b"))
    desk.put(named("c"))
    desk.undo()
    assert desk.current.name == "b"
    desk.undo()
    desk.undo()
    assert desk.current == FIRST
    assert not desk.can_undo
    desk.redo()
    assert desk.current.name == "b"
    assert desk.can_redo


def test_a_correction_after_undo_drops_what_was_undone():
    desk = Desk(FIRST)
    desk.put(named("b"))
    desk.undo()
    desk.put(named("c"))
    assert desk.current.name == "c"
    assert not desk.can_redo


HELLO = Segment(0.0, 1.0, "en", "hello", 0.9, (Word("hello", 0.0, 1.0, 0.9),))
NIHAO = Segment(1.5, 2.0, "zh", "你好", 0.9)
TALK = replace(FIRST, segments=(HELLO, NIHAO))
TIDY = replace(TALK, segments=(replace(HELLO, text="Hello."), NIHAO))


def shown(desk: Desk) -> list[str]:
    return [segment.text for segment in desk.shown.segments]


def test_what_is_shown_follows_a_correction_and_stays_tidy_elsewhere():
    desk = Desk(TALK)
    desk.shown = TIDY
    desk.change({1: replace(NIHAO, text="您好")})
    assert shown(desk) == ["Hello.", "您好"]
    desk.undo()
    assert shown(desk) == ["Hello.", "你好"]


def test_a_name_leaves_the_text_as_it_is_shown():
    desk = Desk(TALK)
    desk.shown = TIDY
    desk.change({0: replace(HELLO, speaker="Ann")})
    assert shown(desk)[0] == "Hello."
    assert desk.shown.segments[0].speaker == "Ann"


def test_a_correction_of_nothing_is_no_step():
    desk = Desk(TALK)
    desk.change({})
    assert not desk.can_undo


def test_the_languages_follow_the_text():
    desk = Desk(TALK)
    desk.change({0: replace(HELLO, text="你们好")})
    assert desk.current.language.label == "zh"


def test_better_times_are_no_step_of_their_own():
    desk = Desk(TALK)
    better = replace(HELLO, words=(Word("hello", 0.2, 0.8, 0.9),))
    desk.amend(replace(TALK, segments=(better, *TALK.segments[1:])))
    assert desk.current.segments[0] == better
    assert desk.shown.segments[0] == better
    assert not desk.can_undo


def test_it_is_kept_as_long_as_it_is_what_was_kept():
    desk = Desk(TALK)
    assert not desk.is_kept
    desk.keep(desk.current, desk.quotes)
    assert desk.is_kept
    desk.change({0: replace(HELLO, text="Other.")})
    assert not desk.is_kept
    desk.undo()
    assert desk.is_kept
    desk.quotes = (Quote("One", 0.0, 1.0),)
    assert not desk.is_kept
