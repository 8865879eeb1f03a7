"""Recordings of several pages in one process: found again, swept, forgotten."""

from __future__ import annotations

import pytest
from scripted import ScriptedRecognizer

from asr_core.editing.quotes import Quote
from asr_core.project import Project
from asr_core.result import Language, Segment, Transcript
from asr_core.settings import Settings
from ui_components import state
from ui_components.state import AUDIO_WAITS, TEXT_WAITS, Runs, Source

TRANSCRIPT = Transcript(
    "talk.wav",
    9.0,
    (Segment(0, 1, "en", "Hello.", 0.9),),
    Language(0, 1, 0, "en"),
    "sottovoce-base",
    "joint",
)
SOURCE = Source("talk.wav", b"sound", "audio/wav")


@pytest.fixture
def recognizer(monkeypatch):
    made = []

    def make(held):
        made.append(ScriptedRecognizer(held))
        return made[-1]

    monkeypatch.setattr(state, "Recognizer", make)
    return made


@pytest.fixture
def runs(recognizer):
    return Runs()


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(state.time, "monotonic", lambda: now[0])
    return now


def is_open(*pages):
    return lambda page: page in pages


def start(runs, page="a"):
    return runs.start(SOURCE, Settings(), page)


def test_a_page_finds_its_own_run(runs):
    run = start(runs, "a")
    start(runs, "b")
    assert runs.find("a", is_open("a", "b")) is run


def test_a_reloaded_page_finds_the_run_of_the_page_it_was(runs):
    run = start(runs, "before")
    assert runs.find("after", is_open("after")) is run
    assert runs.find("after", is_open("after")) is run
    assert run.session_id == "after"


def test_a_second_tab_is_not_shown_the_first_ones_run(runs):
    start(runs, "a")
    assert runs.find("b", is_open("a", "b")) is None


def test_two_new_pages_do_not_share_one_orphan(runs):
    run = start(runs, "before")
    assert runs.find("a", is_open("a", "b")) is run
    assert runs.find("b", is_open("a", "b")) is None


def test_a_new_recording_replaces_the_pages_last_one(runs):
    first = start(runs, "a")
    second = start(runs, "a")
    assert first.job.stage == "cancelled"
    assert runs.find("a", is_open("a")) is second


def test_a_kept_project_is_a_run_that_has_ended(runs):
    first = start(runs, "a")
    project = Project(TRANSCRIPT, (Quote("Hello.", 0, 1),), "Ann = P1")
    run = runs.show(project, "a")
    assert first.job.stage == "cancelled"
    assert runs.find("b", is_open("b")) is run  # a reload finds it, too
    assert not run.job.running
    assert (run.job.stage, run.job.transcript, run.source) == ("done", TRANSCRIPT, None)
    assert run.desk.current == TRANSCRIPT
    assert (run.desk.quotes, run.desk.pseudonyms) == (project.quotes, project.pseudonyms)
    runs.drop("b")
    assert runs.find("b", is_open("b")) is None


def test_an_unseen_recording_is_forgotten_first_its_sound_then_its_text(runs, clock):
    run = start(runs)
    run.job.running = False
    runs.sweep(is_open())
    clock[0] += AUDIO_WAITS - 1
    runs.sweep(is_open())
    assert run.source is SOURCE
    clock[0] += 2
    runs.sweep(is_open())
    assert run.source is None
    assert runs.find("b", is_open("b")) is run
    runs.sweep(is_open())  # b is gone, too
    clock[0] += TEXT_WAITS + 1
    runs.sweep(is_open())
    assert runs.find("c", is_open("c")) is None


def test_what_a_page_shows_is_never_swept(runs, clock):
    run = start(runs)
    run.job.running = False
    for _ in range(3):
        clock[0] += TEXT_WAITS
        runs.sweep(is_open("a"))
    assert run.source is SOURCE
    assert runs.find("a", is_open("a")) is run


def test_a_run_without_a_page_goes_on_to_its_end(runs, clock):
    run = start(runs)
    runs.sweep(is_open())
    clock[0] += TEXT_WAITS + 1
    runs.sweep(is_open())
    assert run.job.running
    assert runs.find("b", is_open("b")) is run


def test_forgetting_ends_the_worker_and_looks_again(runs, recognizer):
    run = start(runs)
    run.job.running = False
    runs.forget_audio("a")
    assert run.source is None
    assert recognizer[0].calls == ["forget", "check"]


def test_forgetting_does_not_break_into_another_pages_run(runs, recognizer):
    mine, other = start(runs, "a"), start(runs, "b")
    mine.job.running = False
    runs.forget_audio("a")
    assert mine.source is None
    assert other.source is SOURCE
    assert other.job.running
    assert recognizer[0].calls == ["check"]


def test_closing_forgets_everything(runs, recognizer):
    start(runs)
    runs.close()
    assert runs.find("b", is_open("b")) is None
    assert recognizer[0].calls == ["close"]
