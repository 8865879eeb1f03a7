"""A tab that is closed and opened again, and a server that is killed, as a browser sees it."""

from __future__ import annotations

import signal

import pytest
from page_server import launch_with
from voice import conversation

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.browser

# A closed page is forgotten sooner than in earnest.
START = launch_with(before="from ui_components import runs; runs.AUDIO_WAITS = 2.0")
SLOW = '{"engine": "light-slow"}'


def drop(page, audio):
    page.locator("input[type=file]").first.set_input_files(
        {"name": "talk.wav", "mimeType": "audio/wav", "buffer": audio}
    )


def test_a_closed_tab_is_waited_for_and_a_killed_server_is_not_glossed_over(visit, launch_page):
    server = launch_page(command=START, settings=SLOW)
    with visit(server) as visitor:
        page = visitor.open_page()
        drop(page, conversation(20))
        expect(page.locator(".st-key-partial .transcript p").first).to_be_visible()
        context = page.context
        page.close()  # in the middle
        page = context.new_page()
        page.wait_for_timeout(6000)
        page.goto("/")
        expect(page.get_by_text("its text waited here")).to_be_visible()
        expect(page.locator(".st-key-transcript .transcript p")).to_have_count(20)
        expect(page.get_by_text("and 0 bytes of audio.")).to_be_visible()
    with visit(server) as visitor:
        page = visitor.open_page()
        drop(page, conversation(200))
        expect(page.locator(".st-key-partial .transcript p").first).to_be_visible()
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        expect(page.locator(".st-key-partial .transcript p").first).to_contain_text("loudness")
        visitor.contexts.clear()  # it cannot be taken back to an idle page
        page.context.close()
        visitor.complaints.clear()  # its connection is refused, which it may say
    after = launch_page(server.folder, START)
    with visit(after) as visitor:
        page = visitor.open_page()
        expect(page.get_by_text("Last time Sottovoce ended without being closed")).to_be_visible()
        expect(page.get_by_test_id("stFileUploader")).to_be_visible()
        expect(page.locator(".transcript p")).to_have_count(0)
    assert after.end() == ("", "")
