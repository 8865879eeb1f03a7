from dataclasses import replace

from asr_core.editing.desk import Desk
from asr_core.result import Language, Transcript

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
