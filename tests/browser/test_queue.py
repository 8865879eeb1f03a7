"""Many recordings on one page, as a person uses it, with an engine that only says how loud it is.

The real page, the real worker, the real decoder; what takes long is made light.
"""

from __future__ import annotations

import json
import re

import pytest
from page_server import launch_with
from voice import conversation

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.browser

START = launch_with()
SLOW = '{"engine": "light-slow"}'
COUNTS_NAMES = """
window.mostNames = 0;
new MutationObserver(() => {
  window.mostNames = Math.max(window.mostNames, document.querySelectorAll("h3").length);
}).observe(document, {subtree: true, childList: true});
"""


@pytest.fixture(scope="module")
def server(launch_page):
    return launch_page(command=START, settings=SLOW)


@pytest.fixture
def page(visit, server):
    with visit(server) as visitor:
        yield visitor.open_page()


@pytest.fixture(scope="module")
def talk():
    """Two turns in nine seconds: done at once."""
    return conversation(2)


@pytest.fixture(scope="module")
def long_talk():
    """Two hundred turns in fifteen minutes: forty seconds of work."""
    return conversation(200)


def wav(name, data):
    return {"name": name, "mimeType": "audio/wav", "buffer": data}


def drop(page, *files):
    page.locator("input[type=file]").first.set_input_files([*files])


def button(page, key):
    return page.locator(f".st-key-{key} button")


def row(page, name):
    """The line of a recording in the list."""
    names = page.get_by_test_id("stHorizontalBlock")
    return page.locator(".st-key-queue").locator(names).filter(has_text=name).last


def choose(page, name, option):
    row(page, name).get_by_role("button", name="More").click()
    page.get_by_text(option, exact=True).last.click()


def expect_names(page, *names):
    """The list holds these recordings, in this order."""
    found = page.locator(".st-key-queue [class*=st-key-show] button")
    expect(found).to_have_text([re.compile(re.escape(name) + "$") for name in names])


def test_several_files_run_one_after_the_other_and_a_broken_one_stops_nobody(page, talk):
    drop(page, wav("a.wav", talk), wav("broken.wav", b"milk, bread\n" * 99), wav("c.wav", talk))
    expect(page.get_by_text("3 recordings")).to_be_visible()
    expect_names(page, "a.wav", "broken.wav", "c.wav")
    expect(row(page, "broken.wav")).to_contain_text("Cannot read “broken.wav”: it is text.")
    expect(row(page, "a.wav")).to_contain_text("Done · 0:09")
    expect(row(page, "c.wav")).to_contain_text("Done · 0:09")
    page.get_by_role("button", name="c.wav").click()
    expect(page.get_by_role("heading", name="c.wav")).to_be_visible()
    expect(page.locator(".st-key-transcript")).to_contain_text("loudness 0.5")
    page.get_by_role("button", name="broken.wav").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("Cannot read “broken.wav”")


def test_those_that_wait_say_their_length_and_time_and_can_change_places(page, talk, long_talk):
    drop(page, wav("long.wav", long_talk), wav("b.wav", talk), wav("c.wav", talk))
    expect(row(page, "long.wav")).to_contain_text("% done")
    expect(row(page, "c.wav")).to_contain_text("0:09")
    expect(row(page, "c.wav")).to_contain_text("about 5 s")
    choose(page, "c.wav", "Move up")
    expect_names(page, "long.wav", "c.wav", "b.wav")
    choose(page, "b.wav", "Remove")
    expect(page.get_by_text("2 recordings")).to_be_visible()
    choose(page, "long.wav", "Stop and keep the text")
    expect(row(page, "long.wav")).to_contain_text("Stopped at")
    expect(row(page, "c.wav")).to_contain_text("Done · 0:09")
    expect(page.get_by_role("heading", name="long.wav")).to_be_visible()


def test_the_name_stands_once_while_a_run_ends(visit, server, talk, long_talk):
    with visit(server) as visitor:
        page = visitor.open_page(script=COUNTS_NAMES)
        drop(page, wav("long.wav", long_talk), wav("c.wav", talk))
        expect(page.locator(".st-key-partial .transcript p").first).to_be_visible()
        choose(page, "long.wav", "Stop and keep the text")
        expect(row(page, "c.wav")).to_contain_text("Done · 0:09")
        expect(page.locator(".st-key-partial")).to_have_count(0)
        assert page.evaluate("window.mostNames") == 1


def test_all_stop_at_once_and_their_sound_is_forgotten(page, talk, long_talk):
    drop(page, wav("long.wav", long_talk), wav("b.wav", talk))
    expect(page.locator(".st-key-partial .transcript p").first).to_be_visible()
    button(page, "cancel_all").click()
    expect(row(page, "long.wav")).to_contain_text("Stopped at")
    expect(row(page, "b.wav")).to_contain_text("Stopped at 0:00")
    expect(page.get_by_text("of audio, so that you can listen")).to_be_visible()
    button(page, "forget_all").click()
    expect(page.get_by_text("and 0 bytes of audio.")).to_be_visible()
    expect(page.locator(".st-key-player audio")).to_have_count(0)
    expect(page.locator(".st-key-transcript")).to_contain_text("loudness 0.5")


def test_the_first_minute_and_then_all_of_it(page, long_talk):
    page.get_by_text("First 60 seconds").click()
    drop(page, wav("long.wav", long_talk))
    expect(page.get_by_text("Only a part was heard: 0:00 to 1:00.")).to_be_visible()
    button(page, "whole").click()
    expect(page.get_by_text(re.compile(r"\d+% done"))).to_be_visible()
    expect(page.get_by_text("recordings", exact=True)).to_have_count(0)
    button(page, "cancel").click()
    expect(button(page, "new")).to_be_visible()
    expect(page.get_by_text("Only a part was heard")).to_have_count(0)


def test_a_reload_keeps_the_list_and_what_is_shown(page, talk, long_talk):
    drop(page, wav("a.wav", talk), wav("long.wav", long_talk), wav("c.wav", talk))
    expect(row(page, "a.wav")).to_contain_text("Done")
    page.get_by_role("button", name="long.wav").click()
    expect(page.get_by_role("heading", name="long.wav")).to_be_visible()
    page.reload()
    expect(page.get_by_text("3 recordings")).to_be_visible()
    expect(page.get_by_role("heading", name="long.wav")).to_be_visible()
    expect_names(page, "a.wav", "long.wav", "c.wav")
    expect(row(page, "a.wav")).to_contain_text("Done · 0:09")


def test_more_can_be_added_while_others_run(page, talk, long_talk):
    drop(page, wav("long.wav", long_talk))
    expect(page.get_by_text(re.compile(r"\d+% done"))).to_be_visible()
    page.get_by_text("Add recordings").click()
    drop(page, wav("b.wav", talk))
    expect(page.get_by_text("2 recordings")).to_be_visible()
    expect(row(page, "b.wav")).to_contain_text("Waiting in line, 1 before this one")
    expect(page.get_by_role("heading", name="long.wav")).to_be_visible()


def test_a_whole_folder_comes_in_the_order_of_its_names(page, talk, tmp_path):
    (tmp_path / "talks" / "second").mkdir(parents=True)
    for name in ("b.wav", "a.wav", "second/c.wav"):
        (tmp_path / "talks" / name).write_bytes(talk)
    (tmp_path / "talks" / "notes.txt").write_text("milk")
    page.get_by_text("A whole folder").click()
    expect(page.get_by_text("A folder of recordings")).to_be_visible()
    page.locator("input[type=file]").first.set_input_files(tmp_path / "talks")
    expect(page.get_by_text("3 recordings")).to_be_visible()
    expect_names(page, "a.wav", "b.wav", "c.wav")


def test_recordings_wait_for_a_click_when_they_are_told_to(page, talk):
    page.get_by_text("Start at once").click()
    drop(page, wav("a.wav", talk))
    expect(row(page, "a.wav")).to_contain_text("Not started · 0:09 · about 5 s")
    button(page, "start_queue").click()
    expect(page.locator(".st-key-transcript")).to_contain_text("loudness 0.5")
    page.get_by_text("Add recordings").click()
    page.get_by_text("Start at once").click()  # as the next test expects it


def test_a_damaged_model_is_said_before_anything_is_given_and_can_be_checked_again(
    visit, launch_page, talk
):
    server = launch_page(command=START, settings=json.dumps({"engine": "light-damaged"}))
    with visit(server) as visitor:
        page = visitor.open_page()
        expect(page.get_by_test_id("stAlert")).to_contain_text("The model file is damaged.")
        drop(page, wav("a.wav", talk))
        expect(page.get_by_text("Next · 0:09")).to_be_visible()
        (server.folder / "sottovoce" / "repaired").touch()
        button(page, "check").click()
        expect(page.locator(".st-key-transcript")).to_contain_text("loudness 0.5")
        expect(page.get_by_test_id("stAlert")).to_have_count(0)
    assert server.end() == ("", "")
