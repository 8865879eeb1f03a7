"""One Chromium for all browser tests, which may talk to this computer only."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import soundfile

SPEECH = Path(__file__).resolve().parents[1] / "recordings" / "english-then-mandarin.flac"


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


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Chromium, its microphone playing the speech."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Chromium: the browser tests may not be left out there")
        pytest.skip("needs Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
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
        chromium = driver.chromium.launch(executable_path=chromium, args=options)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, page_server, page_cookie):
    """Opens tabs of the page.

    Afterwards none may have asked another computer, complained, or been given an answer that it
    might keep in its cache.
    """
    contexts, hosts, complaints = [], set(), []
    name, _, value = page_cookie.partition("=")
    cookie = {"name": name, "value": value, "url": f"http://{page_server.host}"}

    def watch(message):
        if message.type == "error":
            complaints.append(message.text)

    def look_at(response):
        parts = urlsplit(response.url)
        kept = response.headers.get("cache-control") != "no-store"
        if parts.scheme == "http" and not parts.path.startswith("/static/") and kept:
            complaints.append(f"may be cached: {parts.path}")

    def open_page(locale="en-US", script=None):
        context = browser.new_context(
            locale=locale,
            permissions=["clipboard-read", "clipboard-write", "microphone"],
            base_url=f"http://{page_server.host}",
        )
        contexts.append(context)
        context.set_default_timeout(60_000)
        context.add_cookies([cookie])
        context.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        context.on("response", look_at)
        context.on("console", watch)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.on("websocket", lambda socket: hosts.add(urlsplit(socket.url).netloc))
        page.goto("/")
        return page

    yield open_page
    for context in contexts:
        _leave_nothing(context)
        context.close()
    assert hosts - {"", page_server.host} == set()  # "": data: and blob: carry their own content
    assert complaints == []


def _leave_nothing(context):
    """Back to the idle page, so that the next test does not find this one's run."""
    for page in context.pages:
        stop, new = (page.locator(f".st-key-{key} button") for key in ("cancel", "new"))
        idle = page.get_by_test_id("stFileUploader")
        for button in (stop, new):
            stop.or_(new).or_(idle).first.wait_for()
            if button.is_visible():
                button.click()
        idle.wait_for()


@pytest.fixture
def page(open_page):
    """One tab on the idle page."""
    return open_page()
