"""One Chromium for a file of browser tests, which may talk to this computer only."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import soundfile

SPEECH = Path(__file__).resolve().parents[1] / "recordings" / "english-then-mandarin.flac"
WELCOME = re.compile("Drop a recording|放入录音")  # of the idle page
PATIENCE_MS = 120_000  # a busy machine may take its time


@pytest.fixture(scope="session")
def speech() -> bytes:
    """Ten seconds: an English sentence, a pause, a Mandarin sentence."""
    return SPEECH.read_bytes()


@pytest.fixture(scope="session")
def long_speech(tmp_path_factory) -> bytes:
    """The same again and again for five minutes, more than any machine does in a moment."""
    waveform, sample_rate = soundfile.read(SPEECH, dtype="int16")
    path = tmp_path_factory.mktemp("long") / "long.wav"
    with soundfile.SoundFile(path, "w", sample_rate, 1, "PCM_16") as file:
        for _ in range(30):
            file.write(waveform)
    return path.read_bytes()


@pytest.fixture(scope="module")  # its event loop must be gone before other tests need one
def browser(tmp_path_factory):
    """Chromium, its microphone playing the speech."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Chromium: the browser tests may not be left out there")
        pytest.skip("needs Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=PATIENCE_MS)
    microphone = tmp_path_factory.mktemp("microphone") / "speech.wav"
    waveform, sample_rate = soundfile.read(SPEECH, dtype="int16")
    soundfile.write(microphone, waveform, sample_rate, "PCM_16")
    options = [
        "--disable-background-networking",
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=options)
        yield chromium
        chromium.close()


class Visitor:
    """Opens tabs of the page and notes whom they ask and what they complain about."""

    def __init__(self, browser, host, cookie):
        self.browser, self.host = browser, host
        name, _, value = cookie.partition("=")
        self.cookie = {"name": name, "value": value, "url": f"http://{host}"}
        self.contexts, self.hosts, self.complaints = [], set(), []

    def open_page(self, locale="en-US", script=None, scheme="light"):
        """A tab in a browser profile of its own; `script` runs before the page's own."""
        context = self.browser.new_context(
            locale=locale,
            color_scheme=scheme,
            permissions=["clipboard-read", "clipboard-write", "microphone"],
            base_url=f"http://{self.host}",
        )
        self.contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([self.cookie])
        context.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        context.on("response", self._look_at)
        context.on("console", self._listen_to)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.on("websocket", lambda socket: self.hosts.add(urlsplit(socket.url).netloc))
        page.goto("/")
        return page

    def leave(self):
        """Take every tab back to the idle page, so that the next visitor does not find its run."""
        from playwright.sync_api import TimeoutError

        for context in self.contexts:
            for page in context.pages:
                stop, new, clear = (
                    page.locator(f".st-key-{key} button")
                    for key in ("cancel", "new", "clear_queue")
                )
                idle = page.get_by_role("heading", name=WELCOME)
                way_out = clear.or_(new).or_(stop)
                way_out.or_(idle).first.wait_for()
                while not idle.is_visible():  # a click may fall between two looks of the page
                    with suppress(TimeoutError):
                        way_out.first.click(timeout=5_000)
                    page.wait_for_timeout(500)
            context.close()

    def _look_at(self, response):
        parts = urlsplit(response.url)
        kept = response.headers.get("cache-control") != "no-store"
        if parts.scheme == "http" and not parts.path.startswith("/static/") and kept:
            self.complaints.append(f"may be cached: {parts.path}")

    def _listen_to(self, message):
        if message.type == "error":
            self.complaints.append(message.text)


@contextmanager
def visiting(browser, server, cookie):
    """A visitor; its tabs ask nobody else, complain of nothing, get nothing they might cache."""
    visitor = Visitor(browser, server.host, cookie)
    yield visitor
    visitor.leave()
    assert visitor.hosts - {"", server.host} == set()  # "": data: and blob: are no requests
    assert visitor.complaints == []


@pytest.fixture
def visit(browser):
    """Visits a page server that is not the one most tests use."""
    return lambda server: visiting(browser, server, server.cookie)


@pytest.fixture
def open_page(browser, page_server, page_cookie):
    """Opens tabs of the page."""
    with visiting(browser, page_server, page_cookie) as visitor:
        yield visitor.open_page


@pytest.fixture
def page(open_page):
    """One tab on the idle page."""
    return open_page()


@pytest.fixture(scope="module")
def lasting_page(browser, page_server, page_cookie):
    """One tab for several tests."""
    with visiting(browser, page_server, page_cookie) as visitor:
        yield visitor.open_page()
