"""A server on the page: allowed, chosen, in red as long as sound leaves for it, forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from asr_core.result import Segment
from asr_core.settings import Settings

APP = Path(__file__).resolve().parents[2] / "app.py"
ADDRESS = "https://asr.example.org:8000"
HELLO = Segment(0.0, 1.0, "en", "Hello.", 0.9)
LEAVES = {
    "en": f"Audio leaves this computer for {ADDRESS}",
    "zh": f"音频会离开本机，发往 {ADDRESS}",
}


@pytest.fixture
def data_home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


@pytest.fixture
def recognizer(data_home, scripted_recognizer):
    return scripted_recognizer


@pytest.fixture
def opened(recognizer, monkeypatch):
    """The page with the box of models open."""

    def opened(language="en"):
        for module in ("phrases", "told", "models_panel"):
            monkeypatch.setattr(f"ui_components.{module}.page_language", lambda: language)
        at = AppTest.from_file(str(APP), default_timeout=30)
        at.session_state["models"] = True
        at.run()
        assert not at.exception
        return at

    return opened


def badges(at):
    """What is said in a badge, without the signs that keep Markdown from reading it."""
    return [m.value.replace("\\", "") for m in at.markdown if "-badge[" in m.value]


def allow(at, address=ADDRESS, token=""):
    at.text_input(key="server_address").set_value(address)
    at.text_input(key="server_token").set_value(token)
    next(b for b in at.button if b.label in ("Allow this address", "允许这个地址")).click().run()
    assert not at.exception


def choose(at, model):
    at.selectbox(key="model").set_value(model).run()
    assert not at.exception


def tagline(at):
    return json.loads(at.get_by_key("masthead").proto.json)["tagline"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_badge_is_red_as_soon_as_a_server_is_chosen_and_gone_with_it(opened, language):
    at = opened(language)
    assert badges(at) == []
    before = tagline(at)
    allow(at, token="s3cret")
    assert badges(at) == []  # allowed is not chosen
    choose(at, ADDRESS)
    (badge,) = badges(at)
    assert badge.startswith(":red-badge[")
    assert LEAVES[language] in badge
    assert tagline(at) != before
    said = " ".join(element.value.replace("\\", "") for element in (*at.caption, *at.markdown))
    assert "never leaves the machine" not in said
    assert "不离开本机" not in said
    assert "s3cret" not in said
    choose(at, "sottovoce-base")
    assert (badges(at), tagline(at)) == ([], before)


def test_what_is_chosen_is_kept_and_shown_again_the_next_time(opened):
    at = opened()
    allow(at, token="s3cret")
    choose(at, ADDRESS)
    saved = Settings.load()
    assert (saved.engine, saved.servers) == (ADDRESS, (f"{ADDRESS} s3cret",))
    assert LEAVES["en"] in badges(opened())[0]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("asr.example.org", "is not the address of a server in full"),
        ("http://asr.example.org:8000", "would get the sound in the clear"),
    ],
)
def test_an_address_that_will_not_do_is_one_sentence(opened, address, said):
    at = opened()
    allow(at, address)
    assert said in at.error[0].value.replace("\\", "")
    assert Settings.load().servers == ()


def test_the_badge_stays_while_a_run_is_at_the_server(opened, recognizer):
    at = opened()
    allow(at)
    choose(at, ADDRESS)
    at.file_uploader[0].upload("talk.mp3", b"sound", "audio/mpeg").run()
    assert recognizer.given[0][2].engine == ADDRESS
    choose(at, "sottovoce-base")
    assert LEAVES["en"] in badges(at)[0]
    recognizer.jobs[0].end("done", [HELLO], notes=(f"The sound left this computer for {ADDRESS}.",))
    at.run()
    assert not [badge for badge in badges(at) if "leaves" in badge]
    said = " ".join(element.value.replace("\\", "") for element in (*at.info, *at.caption))
    assert f"The sound left this computer for {ADDRESS}." in said


def test_a_server_that_is_forgotten_is_left_at_once(opened, recognizer):
    at = opened()
    allow(at)
    choose(at, ADDRESS)
    at.file_uploader[0].upload("talk.mp3", b"sound", "audio/mpeg").run()
    at.button(key=f"forget-{ADDRESS}").click().run()
    assert not at.exception
    assert not [badge for badge in badges(at) if "leaves" in badge]
    (job,) = recognizer.jobs
    assert job.stage == "cancelled"
    assert job.settings.server is None  # what is heard again of it is heard here
    assert Settings.load().servers == ()
    assert at.selectbox(key="model").value == "sottovoce-base"
    assert recognizer.calls[-1] == "prepare"
