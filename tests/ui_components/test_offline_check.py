"""The offline check on the page, in both languages, with what the processes found put in."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from asr_core.privacy import offline
from asr_core.privacy.offline import Look
from ui_components import offline_check, phrases

KEPT_IN = Look(True, {"start": 2}, (), True, True, True)
SERVER = Look(True, {}, ("127.0.0.1:8765",), False, True, True)


def script():
    from ui_components.offline_check import offline_check

    offline_check()


@pytest.fixture
def check(monkeypatch):
    """The box after a click, with these findings of the two processes."""

    def check(page, recognizer, language="en"):
        class Kept:
            def look(self):
                return recognizer

        monkeypatch.setattr(offline, "look", lambda: page)
        monkeypatch.setattr(offline_check, "runs", Kept)
        monkeypatch.setattr(phrases, "page_language", lambda: language)
        at = AppTest.from_function(script, default_timeout=30).run()
        assert not at.markdown  # nothing is tried before one asks for it
        at.button(key="offline").click().run()
        assert not at.exception
        return [line.value.replace("\\", "") for line in at.markdown]

    return check


def test_what_holds_is_said_with_a_tick(check):
    lines = check(SERVER, KEPT_IN)
    assert lines[0].startswith(":material/check: The page's server just tried")
    assert lines[1].startswith(":material/check: The recognizer just tried")
    assert "attempts to listen 0, starts of other programs 2." in lines[2]
    assert "127.0.0.1:8765" in lines[3]
    assert not [line for line in lines if ":material/error:" in line]


def test_a_way_out_is_an_alarm(check):
    lines = check(Look(False, {}, ("0.0.0.0:8501",), False, False, False), KEPT_IN)
    alarms = [line for line in lines if line.startswith(":material/error:")]
    assert len(alarms) == 2
    assert "NOT both refused" in alarms[0]
    assert "0.0.0.0:8501" in alarms[1]


def test_a_recognizer_that_is_silent_is_said_to_be(check):
    assert "does not answer" in check(SERVER, None)[1]


def test_every_sentence_is_there_in_chinese(check):
    lines = check(SERVER, KEPT_IN, "zh")
    assert lines[0] == ":material/check: 页面服务刚才试着连接另一台电脑、查询一个域名，都被拒绝了。"
    for key in offline.ENGLISH:
        assert f"offline_{key}" in phrases._PHRASES
