"""What the finished page offers: copying, saving, quotes, pseudonyms, keeping."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from asr_core import settings as settings_module
from asr_core.editing.quotes import Quote
from asr_core.jobs import kept
from asr_core.result import Language, Segment, Transcript
from ui_components.run import Run

TRANSCRIPT = Transcript(
    "Ann_Lee.m4a",
    70.0,
    (
        Segment(0.0, 4.0, "en", "I am Ann Lee. Good day.", 0.9, speaker="Ann Lee"),
        Segment(65.0, 69.0, "zh", "你好。", 0.9),
    ),
    Language(0.2, 0.8, 0.0, "mixed"),
    "sottovoce-base",
    "joint",
)


def script():
    import streamlit as st

    from ui_components.out_panel import out_panel

    run = st.session_state.run
    out_panel(run, run.desk.current)


@pytest.fixture
def page(monkeypatch, tmp_path):
    monkeypatch.setattr(settings_module, "settings_file", lambda: tmp_path / "settings.json")
    at = AppTest.from_function(script, default_timeout=30)
    at.session_state.run = Run(kept(TRANSCRIPT), None, "a page")
    return run(at)


def run(at):
    at.run()
    assert not at.exception
    return at


def opened(at, popover):
    at.session_state[popover] = True
    return run(at)


def desk(at):
    return at.session_state.run.desk


def copied(at):
    return json.loads(at.get_by_key("copy").proto.json)["text"]


def said(at):
    parts = [*at.markdown, *at.caption, *at.text, *at.error, *at.warning]
    return "\n".join(element.value for element in parts)


def download(at, key="download"):
    (found,) = [b for b in at.get("download_button") if b.proto.id.endswith(f"-{key}")]
    return found.proto


def test_closed_it_is_copy_four_buttons_and_a_word_on_the_clipboard(page):
    assert copied(page) == "Ann Lee: I am Ann Lee. Good day.\n\n你好。\n"
    assert not page.get("download_button")
    labels = [block.proto.popover.label for block in page.get("popover")]
    assert labels == ["Save as", "Quotes", "Pseudonyms", "Keep"]
    assert "clipboard history" in said(page)


def test_what_is_copied_follows_the_choice_and_the_choice_is_remembered(page, tmp_path):
    page.get("button_group")[0].set_value(["with_times"])
    page.selectbox(key="breaks").set_value("sentences").run()
    assert copied(page) == "[0:00] I am Ann Lee.\n[0:02] Good day.\n[1:05] 你好。\n"
    saved = json.loads((tmp_path / "settings.json").read_text())
    assert (saved["breaks"], saved["with_times"], saved["with_speakers"]) == (
        "sentences",
        True,
        False,
    )
    assert "Ann" not in (tmp_path / "settings.json").read_text()


@pytest.mark.parametrize(
    ("format_name", "begins", "holds"),
    [
        ("txt", "Ann Lee: I am", "text · speakers"),
        ("md", "**Ann Lee:** I am", "text · speakers"),
        ("docx", "Ann_Lee.m4a\nAnn Lee: I am", "name of the recording · text · speakers"),
        ("srt", "1\n00:00:00,000", "subtitles"),
        ("vtt", "WEBVTT", "subtitles"),
        ("json", '{\n  "version": 1', "alternatives"),
    ],
)
def test_a_file_is_shown_before_it_is_saved_and_made_when_it_is_asked_for(
    page, format_name, begins, holds
):
    opened(page, "save_as")
    page.segmented_control(key="format").set_value(format_name).run()
    assert not page.exception
    assert page.text[0].value.startswith(begins)
    assert holds in said(page)
    button = download(page)
    assert button.label == f"Download {format_name.upper()}"
    assert button.deferred_file_id
    assert not button.url


def test_a_quote_is_added_ticked_and_removed(page):
    opened(page, "quotes")
    assert "No quotes yet" in said(page)
    assert not page.get("download_button")
    page.selectbox(key="quote_choice").set_value(1)
    page.button(key="quote_add").click().run()
    (quote,) = desk(page).quotes
    assert (quote.text, quote.speaker, quote.checked) == ("Good day.", "Ann Lee", False)
    assert download(page, "download_quotes").disabled
    assert "Tick one first" in said(page)
    page.checkbox[0].check().run()
    assert desk(page).quotes[0].checked
    assert not download(page, "download_quotes").disabled
    assert download(page, "download_quotes").deferred_file_id
    (remove,) = [button for button in page.button if button.key.startswith("remove-")]
    remove.click().run()
    assert not page.exception
    assert desk(page).quotes == ()


def test_two_quotes_of_one_moment_stand_beside_each_other(page):
    desk(page).quotes = (Quote("One.", 0, 1), Quote("One, corrected.", 0, 1))
    opened(page, "quotes")
    page.checkbox[1].check().run()
    assert not page.exception
    assert [quote.checked for quote in desk(page).quotes] == [False, True]


def test_pseudonyms_hold_for_the_copy_the_preview_and_the_report(page):
    desk(page).pseudonyms = "Ann Lee = Source A"
    desk(page).quotes = (Quote("I am Ann Lee.", 0, 1, "Ann Lee", True),)
    for popover in ("save_as", "quotes", "pseudonyms"):
        opened(page, popover)
    assert copied(page).startswith("Source A: I am Source A.")
    assert page.text[0].value == "Source A: I am Source A. Good day.\n\n你好。"
    assert "codes instead of real names (in the list: 1)" in said(page)
    assert "Ann Lee → Source A\\: 3 ×" in said(page)
    assert download(page, "download_pseudonyms").deferred_file_id
    assert "I am Ann Lee\\." in said(page)  # the quote on the page stays as it is


def test_a_name_that_may_be_left_is_told(page):
    desk(page).pseudonyms = "Ann Leigh = Source A"
    opened(page, "pseudonyms")
    assert "“Ann”" in page.warning[0].value


def test_nothing_goes_out_while_the_list_cannot_be_read(page):
    desk(page).pseudonyms = "Ann Lee"
    for popover in ("save_as", "quotes", "pseudonyms"):
        opened(page, popover)
    assert "Copying and saving wait" in page.error[0].value
    assert "Line 1" in page.error[1].value
    assert not page.get("download_button")
    assert "copy" not in [block.key for block in page.get("bidi_component")]


def test_a_project_needs_a_passphrase_that_is_long_enough_and_twice_the_same(page):
    opened(page, "keep")
    first, again = page.text_input(key="passphrase"), page.text_input(key="passphrase_again")
    for typed, repeated, words in [
        ("short", "short", "Too short"),
        ("password", "passwort", "The two passphrases differ."),
        ("password", "", "Easy to guess."),
    ]:
        first.set_value(typed)
        again.set_value(repeated).run()
        assert words in said(page)
        assert download(page, "download_project").disabled
    again.set_value("password").run()
    assert not download(page, "download_project").disabled
    assert download(page, "download_project").deferred_file_id
    assert not [box for box in page.checkbox if box.key == "keep_pseudonyms"]


def test_the_list_of_pseudonyms_goes_into_a_project_only_when_it_is_ticked(page):
    desk(page).pseudonyms = "Ann Lee = Source A"
    opened(page, "keep")
    assert not page.checkbox(key="keep_pseudonyms").value


def test_the_panel_speaks_chinese(page, monkeypatch):
    monkeypatch.setattr("ui_components.phrases.page_language", lambda: "zh")
    fresh = AppTest.from_function(script, default_timeout=30)
    fresh.session_state.run = page.session_state.run
    for popover in ("save_as", "quotes", "pseudonyms", "keep"):
        opened(fresh, popover)
    assert "剪贴板历史" in said(fresh)
    assert "文件内容：文字 · 说话人" in said(fresh)
