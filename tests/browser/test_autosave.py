"""The encrypted autosave as a person meets it: on, a crash in mid-job, the text again."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9"),
]

SCREENSHOTS = Path(__file__).resolve().parents[2] / "runs" / "screenshots"  # git ignores it
PASSPHRASE = "seven herons under the bridge"
SPOKEN = "long time ago"


def keep_picture(page, name):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def passages(page):
    """How many passages show the sentence."""
    return page.get_by_text(re.compile(SPOKEN)).count()


def test_a_killed_servers_text_comes_back_with_the_passphrase(
    browser, launch_page, long_speech, tmp_path
):
    """The bundled model at work on five minutes; the page's server is killed in the middle."""
    server = launch_page(tmp_path)
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(300_000)
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"http://{server.host}/?key={server.key}")
    page.get_by_text("Autosave, encrypted (off)").click()
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    page.get_by_label("Passphrase again").fill(PASSPHRASE)
    keep_picture(page, "autosave-off")
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("Autosave, encrypted (on)")).to_be_visible()
    keep_picture(page, "autosave-on")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "heron-interview.wav", "mimeType": "audio/wav", "buffer": long_speech}
    )
    expect(page.get_by_text(SPOKEN).nth(1)).to_be_visible()
    expect(page.get_by_text("职业道德").first).to_be_visible()
    n_shown = passages(page)
    server.process.kill()  # -9, in mid-job
    server.process.communicate()
    time.sleep(1.0)  # what it had started ends with its pipes
    context.close()

    (journal,) = (tmp_path / "sottovoce" / "autosave").iterdir()
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for text in (SPOKEN, "职业道德", "heron-interview", PASSPHRASE):
            for encoding in ("utf-8", "utf-16-le"):
                assert text.encode(encoding) not in content
    assert journal.stat().st_mode & 0o777 == 0o600

    server = launch_page(tmp_path)
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(300_000)
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"http://{server.host}/?key={server.key}")
    offer = page.locator(".st-key-unfinished")
    expect(offer).to_contain_text("An unfinished transcript is here: open it with your passphrase")
    expect(page.get_by_role("button", name="Record")).to_be_visible()
    keep_picture(page, "autosave-offer")
    offer.get_by_label("Passphrase").fill("a wrong passphrase")
    offer.get_by_role("button", name="Open").click()
    expect(offer).to_contain_text("The passphrase is wrong, or the autosaved text is damaged.")
    offer.get_by_label("Passphrase").fill(PASSPHRASE)
    offer.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="heron-interview.wav")).to_be_visible()
    expect(page.get_by_text(SPOKEN).nth(n_shown - 1)).to_be_visible()
    assert passages(page) >= n_shown
    expect(page.get_by_text(re.compile("Stopped at .* before the end"))).to_be_visible()
    expect(offer).to_have_count(0)
    keep_picture(page, "autosave-recovered")
    page.locator(".st-key-new button").click()  # the person is done with it
    expect(page.get_by_role("heading", name="Drop a recording")).to_be_visible()
    for _ in range(100):
        if not journal.exists() and not any(journal.parent.iterdir()):
            break
        time.sleep(0.1)
    assert list(journal.parent.iterdir()) == []
    context.close()
