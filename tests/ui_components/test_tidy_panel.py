"""The switches of tidying, and the one that turns all of them off."""

import pytest
from streamlit.testing.v1 import AppTest

from asr_core import settings as settings_module
from asr_core.settings import VERBATIM, Settings, Tidy


def page():
    import streamlit as st

    from ui_components.state import saved_settings
    from ui_components.tidy_panel import tidy_panel

    st.session_state.got = tidy_panel(saved_settings())


@pytest.fixture
def file(monkeypatch, tmp_path):
    monkeypatch.setattr(settings_module, "settings_file", lambda: tmp_path / "settings.json")
    return tmp_path / "settings.json"


def test_nothing_is_saved_before_something_is_chosen(file):
    at = AppTest.from_function(page).run()
    assert not at.exception
    assert at.session_state.got == Tidy()
    assert not file.exists()


def test_verbatim_is_one_click_and_forgets_no_switch(file):
    at = AppTest.from_function(page).run()
    at.toggle(key="case").set_value(False).run()
    at.segmented_control(key="punctuation").set_value("half").run()
    chosen = Tidy(case=False, punctuation="half")
    assert at.session_state.got == chosen
    at.toggle(key="verbatim").set_value(True).run()
    assert at.session_state.got == VERBATIM
    assert Settings.load().verbatim
    at.toggle(key="verbatim").set_value(False).run()
    assert at.session_state.got == Settings.load().tidy == chosen
    assert not at.exception


def test_another_page_begins_with_what_was_chosen(file):
    Settings(script="as_heard", spacing=False).save()
    at = AppTest.from_function(page).run()
    assert at.session_state.got == Tidy(script="as_heard", spacing=False)
    assert at.segmented_control(key="script").value == "as_heard"
    assert at.toggle(key="spacing").value is False
