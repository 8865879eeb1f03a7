"""The encrypted autosave on the page: turned on and off, and what is offered after a crash."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
import waiting
from streamlit.testing.v1 import AppTest

from asr_core import passphrase as passphrase_module
from asr_core.journal import folder, load, unfinished
from asr_core.result import Segment, Word
from asr_core.settings import Settings
from ui_components import state
from ui_components.run import Source
from ui_components.runs import Runs

until = partial(waiting.until, seconds=20.0)

APP = Path(__file__).resolve().parents[2] / "app.py"
PASSPHRASE = "four words of mine"
HELLO = Segment(0.0, 1.0, "en", "Hello.", 0.9, (Word("Hello.", 0.0, 1.0, 0.9),))


@pytest.fixture
def recognizer(scripted_recognizer, monkeypatch):
    monkeypatch.setattr(passphrase_module, "_LOG2_N", 14)
    yield scripted_recognizer
    state.runs().autosave.close()


@pytest.fixture
def crashed(recognizer):
    """An earlier server wrote this, and ended."""
    earlier = Runs()
    earlier.autosave.turn_on(PASSPHRASE)
    run = earlier.add(Source("talk.wav", b"sound", "audio/wav"), Settings(), "a")
    run.job.segments = (HELLO,)
    earlier.close()
    (path,) = unfinished()
    return path


def opened(**chosen):
    at = AppTest.from_file(str(APP), default_timeout=30)
    for key, value in chosen.items():
        at.session_state[key] = value
    at.run()
    assert not at.exception
    return at


def files():
    return sorted(folder().iterdir()) if folder().exists() else []


def labels(at):
    return [expander.label for expander in at.expander]


def type_passphrase(at, first=PASSPHRASE, again=PASSPHRASE):
    at.text_input(key="autosave_passphrase").set_value(first)
    at.text_input(key="autosave_passphrase_again").set_value(again).run()


def offer(at):
    return [element.value for element in at.markdown if "unfinished" in element.value]


def test_it_is_off_until_a_passphrase_was_typed_twice(recognizer, tmp_path):
    at = opened(autosave=True)
    assert "Autosave, encrypted (off)" in labels(at)
    assert any("encrypted with your passphrase" in caption.value for caption in at.caption)
    assert at.button(key="autosave_start").disabled
    type_passphrase(at, again="four words of yours")
    assert at.button(key="autosave_start").disabled
    type_passphrase(at, "short", "short")
    assert at.button(key="autosave_start").disabled
    assert not state.runs().autosave.on
    assert not folder().exists()


def test_turned_on_it_saves_says_so_and_turned_off_it_deletes(recognizer, tmp_path):
    at = opened(autosave=True)
    type_passphrase(at)
    at.button(key="autosave_start").click().run()
    assert not at.exception
    assert "Autosave, encrypted (on)" in labels(at)
    assert json.loads((tmp_path / "settings.json").read_text())["autosave"] is True
    at.file_uploader[0].upload("talk.mp3", b"sound", "audio/mpeg").run()
    recognizer.jobs[0].end("done", [HELLO])
    at.run()
    assert any("the text is on disk, too" in caption.value for caption in at.caption)
    until(lambda: len(files()) == 1)
    at.session_state["autosave"] = True  # unfolded again, as the list of what to add was redrawn
    at.run()
    at.button(key="autosave_stop").click().run()
    assert not at.exception
    assert files() == []
    assert json.loads((tmp_path / "settings.json").read_text())["autosave"] is False


def test_a_new_recording_deletes_the_file_of_the_last(recognizer):
    state.runs().autosave.turn_on(PASSPHRASE)
    at = opened()
    at.file_uploader[0].upload("talk.mp3", b"sound", "audio/mpeg").run()
    recognizer.jobs[0].end("done", [HELLO])
    at.run()
    until(files)
    at.button(key="new").click().run()
    until(lambda: not files())
    at.run()
    assert offer(at) == []


def test_a_downloaded_project_takes_the_place_of_the_file(recognizer):
    state.runs().autosave.turn_on(PASSPHRASE)
    at = opened(keep=True)
    at.file_uploader[0].upload("talk.mp3", b"sound", "audio/mpeg").run()
    recognizer.jobs[0].end("done", [HELLO])
    at.run()
    until(files)
    from ui_components.keep_panel import _handed_over

    (run,) = state.runs().all()
    assert _handed_over(run.desk, run.project, PASSPHRASE).startswith(b"SOTTOVOCE")
    until(lambda: not files())


def test_after_a_start_it_waits_for_its_passphrase(recognizer):
    Settings(autosave=True).save()
    assert "Autosave is off until you give a passphrase" in labels(opened())


def test_nothing_is_offered_where_nothing_is(recognizer):
    assert offer(opened()) == []


def test_an_unfinished_transcript_is_opened_with_its_passphrase(crashed):
    at = opened()
    assert len(offer(at)) == 1
    at.text_input(key="unfinished_passphrase").set_value("four words of yours")
    at.button(key="unfinished_open").click().run()
    assert at.error[0].value.startswith("The passphrase is wrong, or the autosaved text is")
    assert crashed.exists()
    at.text_input(key="unfinished_passphrase").set_value(PASSPHRASE)
    at.button(key="unfinished_open").click().run()
    assert not at.exception
    assert at.subheader[0].value == "talk\\.wav"
    transcript = json.loads(at.get_by_key("transcript").proto.json)
    assert [passage["text"] for passage in transcript["passages"]] == ["Hello."]
    assert transcript["audio"] is None
    assert offer(at) == []
    assert state.runs().autosave.on  # safe again, in a file of its own
    until(lambda: not crashed.exists())
    (path,) = files()
    assert load(path, PASSPHRASE).transcript.name == "talk.wav"


def test_an_unfinished_transcript_is_deleted(crashed):
    at = opened()
    at.button(key="unfinished_delete").click().run()
    assert not at.exception
    assert not crashed.exists()
    assert offer(at) == []


def test_a_damaged_file_is_one_sentence_and_can_be_deleted(crashed):
    crashed.write_bytes(crashed.read_bytes()[:60])
    at = opened()
    at.text_input(key="unfinished_passphrase").set_value(PASSPHRASE)
    at.button(key="unfinished_open").click().run()
    assert not at.exception
    assert at.error[0].value.startswith("The autosaved text is damaged")
    at.button(key="unfinished_delete").click().run()
    assert not crashed.exists()


def test_what_cannot_be_written_is_said_on_the_page(recognizer):
    folder().parent.mkdir(exist_ok=True)
    folder().write_bytes(b"in the way")
    state.runs().autosave.turn_on(PASSPHRASE)
    at = opened()
    at.file_uploader[0].upload("talk.mp3", b"sound", "audio/mpeg").run()
    recognizer.jobs[0].segments = (HELLO,)
    until(lambda: state.runs().autosave.problem)
    at.run()
    assert at.warning[0].value.startswith("The text cannot be autosaved\\:")
