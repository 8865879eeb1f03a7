"""A whole visit with the real page, model and browser, the servers under strace."""

from __future__ import annotations

import signal
import sys

import psutil
import pytest
from traffic import watched
from waiting import until

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.browser

WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
SDP = b"v=0\no=- 0 0 IN IP4 192.0.2.1\ns=x\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n"
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://192.0.2.1/a.ts\n#EXT-X-ENDLIST\n"
EVIL = "http://evil.example"


def drop(page, audio, name):
    page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "audio/wav", "buffer": audio}
    )
    new = page.locator(".st-key-new button")
    expect(new).to_be_visible()
    return new


def clear(new):
    """An empty page again; a file given before it is there would be lost."""
    new.click()
    expect(new).to_be_hidden()


def test_a_whole_visit_asks_nothing_of_the_network(browser, launch_page, speech, tmp_path):
    traffic = watched(tmp_path)
    server = launch_page(
        tmp_path, [*traffic.command, sys.executable, "-m", "asr_core", "app", "--no-browser"]
    )
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(f"http://{server.host}/?key={server.key}")
    new = drop(page, speech, "talk.flac")
    expect(page.get_by_text("long time ago").first).to_be_visible()
    page.get_by_text("Verbatim", exact=True).first.click()  # a choice that is saved
    until((tmp_path / "sottovoce" / "settings.json").exists)  # by a helper, which is watched, too
    clear(new)
    for name, text in [("a.wav", SDP), ("b.mp3", PLAYLIST)]:
        new = drop(page, text, name)
        expect(page.get_by_test_id("stAlert")).to_contain_text(name)
        clear(new)
    key = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in context.cookies())
    for path in ("/", "/_stcore/health", "/_stcore/host-config"):
        assert server.ask(path, Cookie=key, Origin=EVIL).status == 403
    assert server.ask("/_stcore/stream", Cookie=key, Origin=EVIL, **WEBSOCKET).status == 403
    context.close()
    (python,) = psutil.Process(server.process.pid).children()  # strace itself hears no Ctrl+C
    python.send_signal(signal.SIGINT)
    assert server.process.communicate(timeout=60) == ("", "")
    assert traffic.abroad() == []
    binds = [call for call in traffic.calls() if " bind(" in call and "AF_INET" in call]
    assert binds, "the page's own socket was not seen"
    assert traffic.families().keys() <= {"AF_INET", "AF_UNIX", "AF_NETLINK"}
    assert (tmp_path / "sottovoce" / "settings.json").exists()  # the helper that saves was there


def test_streamlit_alone_would_ask_who_it_is(launch_page, tmp_path):
    """The control: without the gate a foreign Origin makes it look for its public address."""
    traffic = watched(tmp_path)
    program = """
import ui_components.gate
class Open:
    def __init__(self, app, entrance):
        self.app = app
    async def __call__(self, *event):
        await self.app(*event)
ui_components.gate.Gate = Open
from asr_core.privacy import guard
guard.stand = lambda: None
from ui_components.launch import main
main(browser=False)
"""
    server = launch_page(tmp_path, [*traffic.command, sys.executable, "-c", program])
    server.ask("/_stcore/stream", Origin=EVIL, **WEBSOCKET)
    server.kill()
    assert traffic.abroad() != []
