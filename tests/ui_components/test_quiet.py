"""Logs that name no file and no word."""

import logging
import sys
import threading

import pytest

from ui_components.quiet import describe, quiet_logs

SECRET = "interview-with-lin.wav"


@pytest.fixture
def quiet(monkeypatch):
    """quiet_logs() for one test."""
    factory = logging.getLogRecordFactory()
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    quiet_logs()
    yield
    logging.setLogRecordFactory(factory)


def fail():
    raise ValueError(SECRET)


@pytest.mark.usefixtures("quiet")
def test_a_logged_exception_says_kind_and_place_only(caplog):
    try:
        fail()
    except ValueError as error:
        logging.getLogger("streamlit.error_util").error("Broke on %s", SECRET, exc_info=error)
    assert "ValueError at fail, line" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.usefixtures("quiet")
def test_an_ordinary_log_line_stays_as_it_is(caplog):
    logging.getLogger("any").warning("%d left", 3)
    assert "3 left" in caplog.text


@pytest.mark.usefixtures("quiet")
def test_a_dying_thread_does_not_tell(capsys):
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert SECRET not in said


def test_an_error_is_described_without_its_message():
    with pytest.raises(ValueError, match=SECRET) as caught:
        fail()
    assert "ValueError at fail, line" in describe(caught.value)
    assert SECRET not in describe(caught.value)
