"""The real page with the real model, as a person uses it."""

from __future__ import annotations

import re
import time

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.browser

ENGLISH, MANDARIN = "long time ago", "职业道德"


def drop(page, audio, name="meeting.flac", kind="audio/flac"):
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": kind, "buffer": audio}
    )


def button(page, key):
    return page.locator(f".st-key-{key} button")


def text_of(page):
    """The words on the finished page, passage by passage."""
    passages = page.locator(".st-key-transcript .transcript p")
    expect(passages.first).to_be_visible()
    return "\n".join(passages.all_inner_texts())


def wait_for_result(page):
    expect(button(page, "new")).to_be_visible()


@pytest.fixture(scope="module")
def done(lasting_page, speech):
    """A page that shows the finished transcript, for tests that leave it as it is."""
    drop(lasting_page, speech)
    wait_for_result(lasting_page)
    return lasting_page


def test_a_dropped_recording_becomes_text_in_both_languages(done):
    text = text_of(done)
    assert ENGLISH in text
    assert MANDARIN in text
    expect(done.get_by_text(re.compile(r"中文 \d+ % · English \d+ %")).first).to_be_visible()
    tags = done.locator(".transcript small")
    assert {"EN", "中"} == set(tags.all_inner_texts())
    expect(done.get_by_role("heading", name="meeting.flac")).to_be_visible()


def test_one_click_copies_the_text(done):
    done.get_by_role("button", name="Copy text").click()
    expect(done.get_by_role("button", name="Copied")).to_be_visible()
    assert done.evaluate("navigator.clipboard.readText()").split() == text_of(done).split()
    expect(done.get_by_role("button", name="Copy text")).to_be_visible()  # a moment later


def test_tidying_is_chosen_in_a_popover_and_taken_back_with_one_click(done):
    written = text_of(done)
    assert "專業" not in written
    done.get_by_role("button", name="Tidy up").click()
    done.get_by_role("radio", name="Traditional 繁體").click()
    expect(done.locator(".st-key-transcript")).to_contain_text("專業")
    done.get_by_role("radio", name="Simplified 简体").click()
    expect(done.locator(".st-key-transcript")).to_contain_text("专业")
    done.keyboard.press("Escape")
    verbatim = done.locator(".st-key-verbatim label").first
    verbatim.click()
    expect(done.get_by_role("button", name="Tidy up")).to_be_disabled()
    verbatim.click()
    expect(done.get_by_role("button", name="Tidy up")).to_be_enabled()
    assert text_of(done) == written


def test_a_browser_that_refuses_the_clipboard_leads_to_the_second_way(open_page, speech):
    refuse = "navigator.clipboard.writeText = () => Promise.reject(new Error())"
    page = open_page(script=f"if (navigator.clipboard) {refuse}")
    drop(page, speech)
    wait_for_result(page)
    page.get_by_role("button", name="Copy text").click()
    second_way = page.get_by_text("Select the text and press Ctrl+C")
    expect(second_way.or_(page.get_by_role("button", name="Copied"))).to_be_visible()


def test_a_click_on_a_word_plays_from_there_and_marks_it(done):
    word = done.locator(".transcript p span").nth(4)
    word.click()
    done.locator(".player.is-playing").wait_for()
    assert 0 < done.locator("body > audio").evaluate("audio => audio.currentTime") < 5
    expect(done.locator(".transcript span.playing")).to_have_count(1)


def test_playing_goes_on_when_the_job_ends(page, long_speech):
    drop(page, long_speech, "long.wav", "audio/wav")
    page.locator(".st-key-partial .transcript span").first.click()
    page.locator(".player.is-playing").wait_for()
    button(page, "cancel").click()
    wait_for_result(page)
    page.locator(".st-key-transcript .player.is-playing").wait_for()
    assert page.locator("body > audio").evaluate("audio => audio.currentTime") > 0.2


def test_text_comes_while_it_works_and_cancel_keeps_it(page, long_speech):
    drop(page, long_speech, "long.wav", "audio/wav")
    expect(page.locator(".transcript p").first).to_be_visible()
    expect(page.get_by_test_id("stProgress")).to_have_text(re.compile(r"[1-9]\d?% done"))
    began = time.monotonic()
    button(page, "cancel").click()
    wait_for_result(page)
    assert time.monotonic() - began < 20
    expect(page.get_by_text(re.compile(r"Stopped at \d+:\d\d\. The text so far"))).to_be_visible()
    assert ENGLISH in text_of(page)


def test_a_reload_finds_the_running_job_and_later_its_result(page, long_speech):
    drop(page, long_speech, "long.wav", "audio/wav")
    expect(page.locator(".transcript p").first).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="long.wav")).to_be_visible()
    expect(page.locator(".transcript p").first).to_be_visible()
    button(page, "cancel").click()
    wait_for_result(page)
    text = text_of(page)
    page.reload()
    wait_for_result(page)
    assert text_of(page) == text


def test_a_second_tab_waits_in_line_and_shows_its_own(open_page, speech, long_speech):
    first, second = open_page(), open_page()
    drop(first, long_speech, "long.wav", "audio/wav")
    expect(first.get_by_test_id("stProgress")).to_be_visible()
    drop(second, speech, "second.flac")
    expect(second.get_by_text("Waiting in line, 1 before this one")).to_be_visible()
    button(first, "cancel").click()
    wait_for_result(second)
    assert MANDARIN in text_of(second)
    expect(second.get_by_role("heading", name="second.flac")).to_be_visible()
    expect(first.get_by_role("heading", name="long.wav")).to_be_visible()


def test_what_is_spoken_into_the_microphone_becomes_text_at_once(page):
    page.get_by_role("button", name="Record", exact=True).click()
    stop = page.get_by_role("button", name="Stop recording")
    expect(page.get_by_text("The text comes as you speak")).to_be_visible()
    expect(page.get_by_text(ENGLISH)).to_be_visible()  # while it goes on
    expect(stop).to_be_visible()
    stop.click()
    wait_for_result(page)
    expect(stop).to_have_count(0)
    assert ENGLISH in text_of(page)
    address = page.locator("body > audio").get_attribute("src")
    assert page.request.get(address).body()[:4] == b"RIFF"


def test_a_browser_that_keeps_the_microphone_to_itself_is_said_in_a_sentence(open_page):
    throw = "async () => { throw new DOMException('', 'NotAllowedError') }"
    page = open_page(script=f"self.MediaDevices && (MediaDevices.prototype.getUserMedia = {throw})")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("does not let this page use the microphone")).to_be_visible()
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_enabled()


def test_forgetting_removes_player_and_bytes_but_not_the_text(page, speech):
    audio = speech + bytes(7)  # no other tab shall play the very same bytes
    drop(page, audio)
    wait_for_result(page)
    address = page.locator("body > audio").get_attribute("src")
    assert page.request.get(address).status == 200
    expect(page.get_by_text("177 kB of audio, so that you can listen")).to_be_visible()
    button(page, "forget").click()
    expect(page.get_by_text("and 0 bytes of audio.")).to_be_visible()
    expect(page.locator(".st-key-player audio")).to_have_count(0)
    assert page.request.get(address).status == 404
    expect(page.get_by_text(re.compile("Receipt: .* 0 bytes left"))).to_be_visible()
    assert ENGLISH in text_of(page)


def test_silence_is_said_in_words(page, tmp_path):
    import numpy as np
    import soundfile

    soundfile.write(tmp_path / "quiet.wav", np.zeros(16_000 * 5, np.int16), 16_000)
    drop(page, (tmp_path / "quiet.wav").read_bytes(), "quiet.wav", "audio/wav")
    wait_for_result(page)
    expect(page.get_by_text("No speech was found in this recording.")).to_be_visible()


def test_what_is_no_recording_gets_one_sentence(page):
    drop(page, b"Dear diary, this is no music.\n" * 50, "song.mp3", "audio/mpeg")
    wait_for_result(page)
    error = page.get_by_test_id("stAlert")
    expect(error).to_have_count(1)
    expect(error).to_contain_text("song.mp3")
    assert "Traceback" not in page.content()


def test_a_chinese_browser_gets_a_chinese_page(open_page):
    page = open_page(locale="zh-CN")
    expect(page.get_by_role("heading", name="放入录音")).to_be_visible()
    drop(page, b"Dear diary, this is no music.\n" * 50, "song.mp3", "audio/mpeg")
    wait_for_result(page)
    expect(page.get_by_test_id("stAlert")).to_contain_text(
        "无法读取“song.mp3”：这是文本。请使用 WAV、FLAC、MP3、M4A 或 OGG。"
    )


def test_the_start_address_opens_the_page_and_a_reload_keeps_it(browser, launch_page):
    server = launch_page()
    page = browser.new_page()
    page.goto(f"http://{server.host}/?key={server.key}")
    expect(page.get_by_test_id("stFileUploader")).to_be_visible()
    assert page.url == f"http://{server.host}/"  # the key is out of the address bar
    page.reload()
    expect(page.get_by_test_id("stFileUploader")).to_be_visible()
    page.context.close()
    stranger = browser.new_page()
    answer = stranger.goto(f"http://{server.host}/?key={server.key}")
    assert answer.status == 403
    stranger.context.close()
    assert server.end() == ("", "")


def test_a_page_of_another_local_server_reaches_nothing(browser, page_server, page_cookie):
    """The cookie travels between ports of one host; the Origin gives the stranger away."""
    name, _, value = page_cookie.partition("=")
    context = browser.new_context()
    url = f"http://{page_server.host}"
    context.add_cookies([{"name": name, "value": value, "url": url}])
    context.route("http://127.0.0.1:1/", lambda route: route.fulfill(body="<p>another server"))
    page = context.new_page()
    page.goto("http://127.0.0.1:1/")
    answer = page.evaluate(
        """url => new Promise(resolve => {
            const socket = new WebSocket(url.replace("http", "ws") + "/_stcore/stream")
            socket.onopen = () => resolve("open")
            socket.onclose = () => resolve("closed")
        })""",
        url,
    )
    assert answer == "closed"
    read = "url => fetch(url, {credentials: 'include'}).then(() => 'read', () => 'refused')"
    assert page.evaluate(read, url) == "refused"
    context.close()
