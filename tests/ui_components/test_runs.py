"""Recordings of several pages in one process: in line, found again, swept, forgotten."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from scripted import ScriptedRecognizer

from asr_core.audio.clip import FIRST_MINUTE, WHOLE, Clip
from asr_core.editing.quotes import Quote
from asr_core.errors import AsrError
from asr_core.project import Project
from asr_core.result import Language, Segment, Transcript, Word
from asr_core.settings import Settings
from ui_components import run as run_module
from ui_components import runs as runs_module
from ui_components.purge import SWEEP_EVERY
from ui_components.run import Source
from ui_components.runs import AUDIO_WAITS, TEXT_WAITS, Runs

TRANSCRIPT = Transcript(
    "talk.wav",
    9.0,
    (Segment(0, 1, "en", "Hello.", 0.9),),
    Language(0, 1, 0, "en"),
    "sottovoce-base",
    "joint",
)
SOURCE = Source("talk.wav", b"sound", "audio/wav")
HELLO = Segment(5.0, 6.0, "en", "Hello.", 0.9, (Word("Hello.", 5.0, 6.0, 0.9),), speaker="Ann")
NIHAO = Segment(
    7.0, 8.0, "zh", "你好。", 0.9, (Word("你", 7.0, 7.5, 0.9), Word("好。", 7.5, 8, 0.9))
)


@pytest.fixture(autouse=True)
def in_english(monkeypatch):
    monkeypatch.setattr(run_module, "phrase", lambda key: key)


@pytest.fixture
def recognizer(monkeypatch):
    made = []

    def make(held, experience):
        made.append(ScriptedRecognizer(held))
        return made[-1]

    monkeypatch.setattr(runs_module, "Recognizer", make)
    return made


@pytest.fixture
def runs(recognizer):
    return Runs()


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(runs_module.time, "monotonic", lambda: now[0])
    return now


def is_open(*pages):
    return lambda page: page in pages


def start(runs, page="a", **more):
    return runs.add(SOURCE, Settings(), page, **more)


def end(run, *segments):
    run.job.end("done", segments)
    return run


def test_a_page_shows_its_first_run_until_another_is_chosen(runs):
    first, second = start(runs), start(runs)
    start(runs, "b")
    assert runs.find("a", is_open("a", "b")) is first
    end(first)
    assert runs.find("a", is_open("a", "b")) is first  # who reads it is not torn away
    runs.select(second)
    assert runs.find("a", is_open("a", "b")) is second
    assert runs.of("a") == [first, second]


def test_a_reloaded_page_finds_all_runs_of_the_page_it_was(runs):
    first, second = start(runs, "before"), start(runs, "before")
    runs.select(second)
    assert runs.find("after", is_open("after")) is second
    assert runs.find("after", is_open("after")) is second
    assert runs.of("after") == [first, second]
    assert runs.of("before") == []


def test_a_second_tab_is_not_shown_the_first_ones_run(runs):
    start(runs, "a")
    assert runs.find("b", is_open("a", "b")) is None


def test_two_new_pages_do_not_share_one_orphan(runs):
    run = start(runs, "before")
    assert runs.find("a", is_open("a", "b")) is run
    assert runs.find("b", is_open("a", "b")) is None


def test_recordings_that_wait_change_places_in_the_list_and_in_line(runs, recognizer):
    first, second, third, fourth = (start(runs) for _ in range(4))
    runs.move(fourth, to_front=False)
    assert runs.of("a") == [first, second, fourth, third]
    runs.move(third, to_front=True)
    assert runs.of("a") == [first, third, second, fourth]
    assert recognizer[0].jobs == [run.job for run in runs.of("a")]


def test_what_runs_keeps_its_place(runs):
    first, second = start(runs), start(runs)
    runs.move(first, to_front=True)
    runs.move(second, to_front=True)
    assert runs.of("a") == [first, second]


def speak(runs, page="a", sound=b"ab"):
    run = runs.record(16_000, Settings(), page)
    assert run.live.add(sound)
    return run


def test_what_is_spoken_is_heard_at_once_and_then_a_recording_like_any_other(runs, recognizer):
    start(runs), start(runs)
    run = speak(runs)
    ((_, _, _), (_, _, _), (live, name, _)) = recognizer[0].given
    assert live is run.live
    assert re.fullmatch(r"recording \d\d\.\d\d\.wav", name)
    assert recognizer[0].jobs.index(run.job) == 1  # before what waits
    assert runs.find("a", is_open("a")) is run
    assert (run.n_bytes, run.source, runs.live(run.job.id)) == (2, None, run)
    runs.finish(run)
    assert (run.source.audio[:4], run.source.audio[44:]) == (b"RIFF", b"ab")
    assert (run.live, runs.live(run.job.id), live.ended) == (None, None, True)
    end(run, HELLO)
    assert runs.find("a", is_open("a")) is run
    assert run.rest is None
    runs.finish(run)  # said twice
    assert runs.of("a").count(run) == 1


def test_a_closed_page_ends_its_recording_and_forgets_it(runs, clock):
    run = speak(runs)
    live = run.live
    runs.sweep(is_open())
    clock[0] += AUDIO_WAITS + SWEEP_EVERY
    runs.sweep(is_open())
    assert (run.live, run.source, live.ended, live.n_bytes) == (None, None, True, 0)
    assert not live.add(b"ab")
    assert "renew" in runs._recognizer.calls
    runs.finish(run)
    assert run.source is None


def test_a_reloaded_page_finds_what_it_was_recording(runs):
    run = speak(runs, "before")
    assert runs.find("after", is_open("after")) is run
    assert not run.has_waited
    assert runs.live(run.job.id) is run


def test_forgetting_or_removing_a_recording_ends_it(runs):
    for let_go in (runs.remove, lambda run: runs.forget_audio("a", only=run)):
        run = speak(runs)
        live = run.live
        let_go(run)
        assert (live.ended, live.n_bytes, run.n_bytes) == (True, 0, 0)


def test_who_stops_everything_keeps_what_was_spoken(runs):
    run = speak(runs)
    runs.cancel_all("a")
    assert run.source.audio[44:] == b"ab"
    assert runs.live(run.job.id) is None


@pytest.mark.parametrize("segments", [(), (HELLO,)])
def test_when_the_worker_died_the_rest_of_what_was_spoken_is_heard_after_all(
    runs, recognizer, segments
):
    run = speak(runs)
    run.job.position = 6.0 if segments else 0.0
    run.job.end("failed", segments, "It stopped.")
    assert runs.find("a", is_open("a")) is run
    run.live.add(b"cd")
    runs.finish(run)
    (rest,) = runs.of("a")
    assert rest.source.audio[44:] == b"abcd"
    begun = recognizer[0].begun[-1]
    assert (begun.segments, begun.position) == (segments, run.job.position)
    rest.job.end("failed", (), "It stopped.")
    assert runs.find("a", is_open("a")).source is not None  # nobody else has it
    assert rest.rest is not None


def test_held_recordings_start_with_what_was_chosen_last(runs):
    run = start(runs, hold=True)
    assert run.job.stage == "held"
    runs.release("b", Settings(), WHOLE)
    assert run.job.stage == "held"
    runs.release("a", Settings(language="en"), FIRST_MINUTE)
    assert (run.job.stage, run.job.settings.language) == ("waiting", "en")
    assert run.job.clip == FIRST_MINUTE


def test_a_removed_recording_is_gone_and_the_others_go_on(runs):
    first, second = start(runs), start(runs)
    runs.remove(first)
    assert first.job.stage == "cancelled"
    assert first.source is None
    assert runs.find("a", is_open("a")) is second
    assert second.job.running


def test_cancelling_all_stops_this_page_alone(runs):
    first, second, other = start(runs), start(runs), start(runs, "b")
    runs.cancel_all("a")
    assert [run.job.stage for run in (first, second)] == ["cancelled", "cancelled"]
    assert other.job.running


def test_what_does_not_fit_into_memory_has_failed_and_is_not_kept(runs, monkeypatch):
    def room_for(name, n_bytes, largest):
        raise AsrError(f"{name} does not fit.")

    first = start(runs)
    monkeypatch.setattr(runs_module, "room_for", room_for)
    second = start(runs)
    assert (second.job.stage, second.job.error) == ("failed", "talk.wav does not fit.")
    assert second.source is None
    assert first.job.running
    assert runs.of("a") == [first, second]


def test_what_could_not_be_read_is_not_kept_in_memory(runs):
    run = start(runs)
    run.job.end("failed", error="Cannot read it.")
    runs.find("a", is_open("a"))
    assert run.source is None


def test_a_kept_project_is_a_run_that_has_ended(runs):
    project = Project(TRANSCRIPT, (Quote("Hello.", 0, 1),), "Ann = P1")
    run = runs.show(project, "a")
    assert runs.find("b", is_open("b")) is run  # a reload finds it, too
    assert not run.job.running
    assert (run.job.stage, run.job.transcript, run.source) == ("done", TRANSCRIPT, None)
    assert run.desk.current == TRANSCRIPT
    assert (run.desk.quotes, run.desk.pseudonyms) == (project.quotes, project.pseudonyms)
    runs.drop("b")
    assert runs.find("b", is_open("b")) is None


def test_an_unseen_recording_is_forgotten_first_its_sound_then_its_text(runs, clock):
    run = end(start(runs))
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


def test_the_sound_of_a_closed_page_is_gone_in_half_a_minute_and_the_worker_with_it(
    runs, recognizer, clock
):
    assert AUDIO_WAITS + 2 * SWEEP_EVERY < 30  # it closes just after a sweep; then one is late
    running, waiting = end(start(runs)), start(runs)
    runs.sweep(is_open())
    clock[0] += AUDIO_WAITS + 0.1
    runs.sweep(is_open())
    assert (running.source, waiting.source) == (None, None)
    assert recognizer[0].calls == ["renew"]
    runs.sweep(is_open())
    assert recognizer[0].calls == ["renew"]  # once is enough
    assert waiting.job.running


def test_a_reload_finds_the_sound_and_who_comes_later_is_told_that_it_is_gone(runs, clock):
    run = end(start(runs), HELLO)
    runs.sweep(is_open())
    clock[0] += AUDIO_WAITS - 1
    runs.sweep(is_open())
    assert runs.find("b", is_open("b")) is run
    assert (run.source, run.has_waited) == (SOURCE, False)
    runs.sweep(is_open())
    clock[0] += AUDIO_WAITS + 1
    runs.sweep(is_open())
    assert runs.find("c", is_open("c")) is run
    assert (run.source, run.has_waited) == (None, True)


def test_a_new_file_ends_the_worker_that_held_the_old_one(runs, recognizer):
    end(start(runs))
    runs.drop("a")
    assert recognizer[0].calls == ["renew"]


def test_what_a_page_has_is_never_swept(runs, clock):
    shown, other = end(start(runs)), end(start(runs))
    for _ in range(3):
        clock[0] += TEXT_WAITS
        runs.sweep(is_open("a"))
    assert (shown.source, other.source) == (SOURCE, SOURCE)
    assert runs.of("a") == [shown, other]


def test_runs_without_a_page_go_on_to_their_end_but_none_begins_unasked(runs, clock):
    running, waiting, held = start(runs), start(runs), start(runs, hold=True)
    runs.sweep(is_open())
    clock[0] += TEXT_WAITS + 1
    runs.sweep(is_open())
    assert running.job.running
    assert waiting.job.running
    assert (held.job.stage, held.source) == ("cancelled", None)
    assert runs.find("b", is_open("b")) is running


def test_forgetting_ends_the_worker_and_looks_again(runs, recognizer):
    run = end(start(runs))
    runs.forget_audio("a", only=run)
    assert run.source is None
    assert recognizer[0].calls == ["forget", "check"]


@pytest.mark.parametrize("page", ["a", "b"])
def test_forgetting_one_does_not_break_into_another_run(runs, recognizer, page):
    mine, other = end(start(runs, "a")), start(runs, page)
    runs.forget_audio("a", only=mine)
    assert mine.source is None
    assert other.source is SOURCE
    assert other.job.running
    assert recognizer[0].calls == ["renew", "check"]  # the worker ends when the other is done


def test_forgetting_all_stops_this_page_and_drops_every_sound(runs, recognizer):
    done, running, held = end(start(runs), HELLO), start(runs), start(runs, hold=True)
    runs.forget_audio("a")
    assert [run.source for run in (done, running, held)] == [None, None, None]
    assert not any(run.job.running for run in (running, held))
    assert done.desk.current.text == "Hello."
    assert recognizer[0].calls == ["forget", "check", "check", "check"]


def test_closing_forgets_everything(runs, recognizer):
    start(runs)
    runs.close()
    assert runs.find("b", is_open("b")) is None
    assert recognizer[0].calls == ["close"]


def heard(*segments):
    return Transcript("talk.wav", 8.2, segments, Language(0, 1, 0, "en"), "light", "joint")


def test_a_passage_is_heard_again_in_another_language(runs, recognizer):
    run = end(start(runs), HELLO, NIHAO)
    runs.hear_again(run, 0, "zh")
    ((language, clip, answer),) = recognizer[0].asked
    assert language == "zh"
    assert clip == Clip(4.8, 6.2)
    assert run.asked == [HELLO]
    run.settle()
    assert run.desk.current.text == "Hello.\n你好。"  # no answer yet
    new = replace(HELLO, language="zh", text="哈喽。", words=(), speaker="")
    answer.set_result(heard(new))
    run.settle()
    assert run.desk.current.segments == (replace(new, speaker="Ann"), NIHAO)
    assert run.desk.current.language.label == "zh"
    assert run.asked == []
    run.desk.undo()
    assert run.desk.current.segments == (HELLO, NIHAO)


def test_a_passage_that_was_changed_meanwhile_stays_as_it_is(runs, recognizer):
    run = end(start(runs), HELLO)
    runs.hear_again(run, 0, "zh")
    corrected = replace(HELLO, text="Hallo.")
    run.desk.put(replace(run.desk.current, segments=(corrected,)))
    recognizer[0].asked[0][-1].set_result(heard(NIHAO))
    run.settle()
    assert run.desk.current.segments == (corrected,)
    assert run.problems == ["again_nothing"]


def test_a_failure_to_hear_again_is_a_sentence(runs, recognizer):
    run = end(start(runs), HELLO)
    runs.hear_again(run, 0, "zh")
    recognizer[0].asked[0][-1].set_exception(AsrError("The recognizer stopped."))
    run.settle()
    assert run.problems == ["The recognizer stopped."]


def test_what_was_forgotten_cannot_be_heard_again(runs, recognizer):
    run = end(start(runs), HELLO)
    runs.align(run, 0)
    runs.forget_audio("a", only=run)
    assert recognizer[0].asked[0][-1].cancelled()
    with pytest.raises(AsrError, match="again_forgotten"):
        runs.hear_again(run, 0, "zh")
    runs.align(run, 0)  # nobody waits for it, so nothing is said
    assert len(recognizer[0].asked) == 1


def test_times_of_a_corrected_passage_come_without_an_undo_step(runs, recognizer):
    run = end(start(runs), HELLO)
    corrected = replace(HELLO, text="Hello you.", edited=True)
    corrected = replace(corrected, words=(Word("Hello", 5, 5.1, 0.9), Word("you.", 5.1, 6, 1.0)))
    run.desk.put(replace(run.desk.current, segments=(corrected,)))
    runs.align(run, 0)
    ((text, clip, answer),) = recognizer[0].asked
    assert (text, clip) == ("Hello you.", Clip(4.8, 6.2))
    words = (Word("Hello", 5.2, 5.6, 1.0), Word("you.", 5.6, 5.9, 1.0))
    answer.set_result(Segment(5.2, 5.9, "en", "Hello you.", 1.0, words))
    run.settle()
    (found,) = run.desk.current.segments
    assert [(word.start, word.end) for word in found.words] == [(5.2, 5.6), (5.6, 5.9)]
    assert (found.text, found.edited) == ("Hello you.", True)
    run.desk.undo()
    assert run.desk.current.segments == (HELLO,)
    assert not run.desk.can_undo
