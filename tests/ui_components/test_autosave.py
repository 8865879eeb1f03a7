"""The autosave: a journal for each run with text, as long as it is wanted."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import canary
import pytest
import waiting
from scripted import ScriptedRecognizer
from voice import conversation

from asr_core import passphrase as passphrase_module
from asr_core import settings as settings_module
from asr_core.editing.quotes import Quote
from asr_core.errors import AsrError
from asr_core.journal import folder, load, unfinished
from asr_core.project import Project
from asr_core.result import Segment, Word
from asr_core.settings import Settings
from ui_components import runs as runs_module
from ui_components.run import Source
from ui_components.runs import TEXT_WAITS, Runs

until = partial(waiting.until, seconds=20.0)

ROOT = Path(__file__).resolve().parents[2]
LIGHT = ROOT / "tests" / "light"
PASSPHRASE = "four words of mine"
HELLO = Segment(0.0, 1.0, "en", "Hello.", 0.9, (Word("Hello.", 0.0, 1.0, 0.9),))
NIHAO = Segment(1.5, 2.0, "zh", "你好。", 0.9)


@pytest.fixture
def runs(monkeypatch, tmp_path):
    monkeypatch.setattr(
        runs_module, "Recognizer", lambda held, experience: ScriptedRecognizer(held)
    )
    monkeypatch.setattr(settings_module, "settings_file", lambda: tmp_path / "settings.json")
    monkeypatch.setattr(passphrase_module, "_LOG2_N", 14)
    made = Runs()
    yield made
    made.close()


def start(runs, *segments, name="talk.wav"):
    run = runs.add(Source(name, b"sound", "audio/wav"), Settings(), "a")
    run.job.segments = segments
    return run


def files():
    return sorted(folder().iterdir()) if folder().exists() else []


def holds(*texts):
    """Whether the only journal holds these passages."""
    try:
        (path,) = files()
        project = load(path, PASSPHRASE)
    except (AsrError, ValueError):
        return False
    return [segment.text for segment in project.transcript.segments] == list(texts)


def test_switched_off_there_is_no_file_at_all(runs, tmp_path):
    run = start(runs, HELLO)
    run.job.end("done", [HELLO])
    assert run.desk is not None
    runs.autosave.wake()
    runs.close()
    assert not runs.autosave.on
    assert list(tmp_path.iterdir()) == []


def test_words_are_saved_as_they_come_and_corrections_soon_after(runs):
    runs.autosave.turn_on(PASSPHRASE)
    run = start(runs)
    runs.autosave.wake()
    run.job.segments = (HELLO,)
    run.job.on_news()
    until(lambda: holds("Hello."))
    run.job.end("done", [HELLO, NIHAO])
    run.job.on_news()
    until(lambda: holds("Hello.", "你好。"))
    (path,) = files()
    run.desk.change({0: replace(HELLO, text="Hallo.")})
    run.desk.quotes = (Quote("Hallo.", 0.0, 1.0),)
    until(lambda: holds("Hallo.", "你好。"))  # nobody wakes it
    until(lambda: load(path, PASSPHRASE).quotes == run.desk.quotes)
    assert load(path, PASSPHRASE).transcript == run.desk.current
    assert files() == [path]


def test_a_recording_without_text_has_no_file(runs, tmp_path):
    runs.autosave.turn_on(PASSPHRASE)
    start(runs)
    runs.autosave.wake()
    runs.autosave.close()
    assert files() == []


def test_what_is_there_already_is_saved_when_it_is_turned_on(runs):
    start(runs, HELLO)
    runs.autosave.turn_on(PASSPHRASE)
    until(lambda: holds("Hello."))


def test_names_tell_nothing_and_each_recording_has_its_own_file(runs):
    runs.autosave.turn_on(PASSPHRASE)
    start(runs, HELLO, name="kingfisher.wav")
    start(runs, NIHAO, name="heron.wav")
    until(lambda: len(files()) == 2)
    runs.autosave.close()
    names = {load(path, PASSPHRASE).transcript.name for path in files()}
    assert names == {"kingfisher.wav", "heron.wav"}
    for path in files():
        assert not {"kingfisher", "heron"} & {*path.stem.split("-")}
        assert b"kingfisher" not in path.read_bytes()
        assert b"heron" not in path.read_bytes()


def test_a_removed_recordings_file_is_deleted_and_the_others_stay(runs):
    runs.autosave.turn_on(PASSPHRASE)
    first, _ = start(runs, HELLO), start(runs, NIHAO)
    until(lambda: len(files()) == 2)
    runs.remove(first)
    until(lambda: holds("你好。"))
    runs.drop("a")
    until(lambda: files() == [])


def test_a_kept_project_is_not_saved_until_it_is_corrected(runs):
    runs.autosave.turn_on(PASSPHRASE)
    run = start(runs)
    run.job.end("done", [HELLO])
    assert run.desk is not None
    until(lambda: holds("Hello."))
    run.desk.keep(run.desk.current, run.desk.quotes)
    until(lambda: files() == [])
    run.desk.change({0: replace(HELLO, text="Hallo.")})
    until(lambda: holds("Hallo."))
    run.desk.undo()
    until(lambda: files() == [])


def test_an_opened_project_is_in_a_file_already(runs):
    runs.autosave.turn_on(PASSPHRASE)
    job = start(runs, HELLO).job
    until(lambda: holds("Hello."))
    runs.drop("a")
    runs.show(Project(job.transcript), "a")
    runs.autosave.close()
    assert files() == []


def test_turning_it_off_deletes_what_it_saved(runs):
    runs.autosave.turn_on(PASSPHRASE)
    start(runs, HELLO)
    until(lambda: holds("Hello."))
    runs.autosave.turn_off()
    assert files() == []
    assert not runs.autosave.on
    runs.autosave.turn_on(PASSPHRASE)
    until(lambda: holds("Hello."))


def test_a_closed_page_and_the_end_of_the_server_leave_it_for_the_next_time(runs, monkeypatch):
    runs.autosave.turn_on(PASSPHRASE)
    run = start(runs)
    run.job.end("done", [HELLO])
    until(lambda: holds("Hello."))
    assert unfinished() == []  # somebody writes it
    now = [time.monotonic()]
    monkeypatch.setattr(runs_module.time, "monotonic", lambda: now[0])
    runs.sweep(lambda page: False)
    now[0] += TEXT_WAITS + 1
    runs.sweep(lambda page: False)
    assert runs.all() == []
    until(lambda: unfinished() == files())
    assert holds("Hello.")
    start(runs, NIHAO)
    until(lambda: len(files()) == 2)
    runs.close()
    assert set(unfinished()) == set(files())
    assert len(files()) == 2


def test_what_is_left_is_unfinished_and_what_is_recovered_takes_its_place(runs):
    runs.autosave.turn_on(PASSPHRASE)
    start(runs, HELLO)
    until(lambda: holds("Hello."))
    runs.autosave.close()
    (path,) = unfinished()
    project = load(path, PASSPHRASE)
    runs.drop("a")
    runs.autosave.turn_on("another passphrase")
    run = runs.show(project, "b", recovered_from=path)
    until(lambda: not path.exists())
    (new,) = files()
    assert load(new, "another passphrase") == project
    runs.remove(run)
    until(lambda: files() == [])


def test_a_recovered_text_that_is_removed_at_once_is_gone_from_the_disk(runs):
    runs.autosave.turn_on(PASSPHRASE)
    start(runs, HELLO)
    until(lambda: holds("Hello."))
    runs.autosave.close()
    (path,) = unfinished()
    project = load(path, PASSPHRASE)
    runs.drop("a")
    runs.autosave.turn_on(PASSPHRASE)
    runs.remove(runs.show(project, "b", recovered_from=path))
    until(lambda: files() == [])


def test_a_killed_helper_is_replaced_and_nothing_is_lost(runs):
    runs.autosave.turn_on(PASSPHRASE)
    run = start(runs, HELLO)
    until(lambda: holds("Hello."))
    runs.autosave._scribe._popen.kill()
    run.job.segments = (HELLO, NIHAO)
    until(lambda: holds("Hello.", "你好。"))
    until(lambda: runs.autosave.problem == "")


def test_what_cannot_be_written_is_said_and_tried_again(runs, tmp_path):
    folder().write_bytes(b"in the way")
    runs.autosave.turn_on(PASSPHRASE)
    start(runs, HELLO)
    until(lambda: runs.autosave.problem)
    assert runs.autosave.problem.startswith("The text cannot be autosaved: ")
    folder().unlink()
    until(lambda: runs.autosave.problem == "")
    assert holds("Hello.")


def test_an_unforeseen_fault_is_said_and_does_not_end_it(runs, monkeypatch):
    monkeypatch.setattr("ui_components.run.Run.is_kept", property(lambda run: 1 / 0))
    runs.autosave.turn_on(PASSPHRASE)
    start(runs, HELLO)
    until(lambda: "ZeroDivisionError" in runs.autosave.problem)
    monkeypatch.undo()


def test_a_short_passphrase_is_refused_and_it_stays_off(runs):
    with pytest.raises(AsrError, match="too short"):
        runs.autosave.turn_on("1234567")
    assert not runs.autosave.on


# The page's server without Streamlit: the guard stands, the kernel refuses it to write, its
# recognizer works in a process of its own. It says how many passages it had a second ago, by when
# the page would have shown them.
SERVER = """
import sys, tempfile, time
sys.path.append(sys.argv[1])
from asr_core import limits
from asr_core.privacy import guard
guard.stand()
limits.hide_memory()
from asr_core.jobs import Recognizer
Recognizer.__init__.__kwdefaults__["loader"] = "canary:load"
from asr_core.settings import Settings
from ui_components.run import Source
from ui_components.runs import Runs
tempfile.gettempdir()
limits.forbid_files()
runs = Runs()
if sys.argv[2]:
    runs.autosave.turn_on(sys.argv[2])
n_bytes = int(sys.stdin.buffer.readline())
sound = sys.stdin.buffer.read(n_bytes)
run = runs.add(Source(sys.argv[3], sound, "audio/wav"), Settings(), "a")
print("begun", flush=True)
seen = [0] * 20
while run.job.running:
    time.sleep(0.05)
    seen.append(len(run.job.segments))
    print(seen[-20], flush=True)
print("ended", flush=True)
time.sleep(60)
"""
N_PASSAGES = 600  # far more than are heard until the kill, a second behind what it waits for
N_KILLS = [pytest.param(3, id="quick"), pytest.param(40, id="soak", marks=pytest.mark.soak)]


def killed(tmp_path, passphrase, wait_for, rng):
    """Kill -9 a server some time after it had so many passages; gives the last it told."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    places = {name: str(home) for name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(LIGHT), passphrase, "talk.wav"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=home,
        env=os.environ | places | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    sound = conversation(N_PASSAGES)
    server.stdin.write(b"%d\n" % len(sound) + sound)
    server.stdin.flush()
    said = "begun"
    try:
        while (line := server.stdout.readline().decode().strip()) not in ("", "ended"):
            said = line
            if said.isdigit() and int(said) >= wait_for:
                time.sleep(rng.random() * 0.2)
                break
    finally:
        server.kill()
        _, err = server.communicate(timeout=20)
    assert said.isdigit(), err.decode()
    return int(said), home


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
@pytest.mark.parametrize("n_kills", N_KILLS)
def test_killed_at_any_moment_only_ciphertext_is_left_and_all_passages_come_back(
    tmp_path, monkeypatch, n_kills
):
    rng = random.Random(n_kills)
    for number in range(n_kills):
        place = tmp_path / str(number)
        place.mkdir()
        n_seen, home = killed(place, PASSPHRASE, rng.randrange(1, 60), rng)
        monkeypatch.setattr(
            settings_module, "settings_file", lambda home=home: home / "sottovoce" / "settings.json"
        )
        until(lambda: len(unfinished()) == 1)  # the helper ends a moment after its parent
        assert canary.in_folders([home]) == []
        (path,) = unfinished()
        project = load(path, PASSPHRASE)
        assert len(project.transcript.segments) >= n_seen
        assert {segment.text for segment in project.transcript.segments} == {canary.SENTENCE}
        assert project.transcript.name == "talk.wav"
        assert "before the end of the recording" in project.transcript.notes[0]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
def test_killed_with_autosave_off_no_file_is_left(tmp_path):
    n_seen, home = killed(tmp_path, "", 5, random.Random(1))
    assert n_seen >= 5
    assert [path for path in home.rglob("*") if path.is_file()] == []
