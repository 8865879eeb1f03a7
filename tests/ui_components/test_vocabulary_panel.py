"""The list of names and terms on the page."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def panel(vocabulary=(), keep=False):
    def page(vocabulary, keep):
        import streamlit as st

        from asr_core.settings import Settings
        from ui_components.vocabulary_panel import vocabulary_panel

        saved = Settings(vocabulary=vocabulary, keep_vocabulary=keep)
        st.session_state.found = vocabulary_panel(saved)

    at = AppTest.from_function(page, args=(tuple(vocabulary), keep)).run()
    assert not at.exception
    return at


def test_the_saved_list_is_shown_and_counted():
    at = panel(("# people", "Ann | an", "周杰伦"), keep=True)
    assert at.text_area[0].value == "# people\nAnn | an\n周杰伦"
    assert [caption.value for caption in at.caption] == ["2 in the list"]
    assert at.session_state.found == (("# people", "Ann | an", "周杰伦"), True)


def test_nothing_is_kept_unless_the_person_says_so():
    at = panel()
    assert at.session_state.found == ((), False)
    assert "plain text" in at.toggle[0].help
    at.text_area[0].set_value("Sottovoce").run()
    assert at.session_state.found == (("Sottovoce",), False)
    at.toggle[0].set_value(True).run()
    assert at.session_state.found == (("Sottovoce",), True)


@pytest.mark.parametrize("bad", ["Bo ||", "x" * 200])
def test_a_wrong_line_is_named_and_stops_nothing(bad):
    at = panel()
    at.text_area[0].set_value(f"Ann\n{bad}\nCy").run()
    assert at.error[0].value.startswith("Line 2 of the names and terms")
    assert at.error[0].value.endswith("That line is left out.")
    assert at.session_state.found == (("Ann", f"# {bad}", "Cy"), False)
    assert [caption.value for caption in at.caption] == ["2 in the list"]


def test_a_list_beyond_all_measure_is_not_taken():
    at = panel(("Ann",))
    at.text_area[0].set_value("\n".join(f"name {i}" for i in range(1001))).run()
    assert "more than 1000" in at.error[0].value
    assert at.session_state.found == (("Ann",), False)
