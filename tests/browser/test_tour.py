"""Through all that the page does with a recording, in each language; a picture of every station.

The pictures, light and dark, lie in runs/screenshots, which git ignores.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.browser

SCREENSHOTS = Path(__file__).resolve().parents[2] / "runs" / "screenshots"
TERM = "Alice Miller | alice miler"


class Tour:
    """One page, whatever language it speaks, and where the pictures go."""

    def __init__(self, page, language):
        self.page, self.language = page, language

    def picture(self, name):
        """What is to be seen now, light and dark."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            self.page.wait_for_timeout(300)  # colors change slowly
            self.page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}-{self.language}.png")
        self.page.emulate_media(color_scheme="light")

    def button(self, key):
        return self.page.locator(f".st-key-{key} button").first

    def unfold(self, key):
        self.button(key).click()
        panel = self.page.get_by_test_id("stPopoverBody")
        expect(panel).to_be_visible()
        return panel

    def fold(self):
        self.page.keyboard.press("Escape")
        expect(self.page.get_by_test_id("stPopoverBody")).to_have_count(0)

    def says(self, english, chinese):
        expect(self.page.locator("body")).to_contain_text(
            english if self.language == "en" else chinese
        )


@pytest.fixture
def silence():
    """Five seconds without a word."""
    noise = np.random.default_rng(1).normal(0, 1e-4, 80_000)
    file = io.BytesIO()
    soundfile.write(file, noise, 16_000, "PCM_16", format="WAV")
    return file.getvalue()


@pytest.mark.parametrize("locale", ["en-US", pytest.param("zh-CN", marks=pytest.mark.soak)])
def test_everything_the_page_does(visit, launch_page, speech, silence, locale):
    with visit(launch_page()) as visitor:
        page = visitor.open_page(locale)
        page.set_viewport_size({"width": 1280, "height": 900})
        tour = Tour(page, locale[:2])

        # 4. Names and terms
        page.get_by_text(re.compile("Advanced|高级")).first.click()
        page.locator(".st-key-vocabulary textarea").fill(TERM)
        page.locator(".st-key-vocabulary textarea").blur()
        tour.says("1 in the list", "共 1 个")
        tour.picture("4-names")

        # 6. Queue: a broken file stops nobody
        page.locator("input[type=file]").first.set_input_files(
            [
                {"name": "silence.wav", "mimeType": "audio/wav", "buffer": silence},
                {"name": "broken.mp3", "mimeType": "audio/mpeg", "buffer": b"milk, bread\n" * 99},
                {"name": "meeting.flac", "mimeType": "audio/flac", "buffer": speech},
            ]
        )
        done = page.locator(".st-key-queue").get_by_text(re.compile("^(Done|完成) ·"))
        expect(done).to_have_count(2)
        tour.picture("6-queue")

        # 5. Nothing invented
        page.get_by_role("button", name="silence.wav").click()
        tour.says("No speech was found", "没有找到说话声")
        assert page.locator(".transcript p").count() == 0
        tour.picture("5-silence")

        # 1. Listen and fix
        page.get_by_role("button", name="meeting.flac").click()
        text = page.locator(".transcript")
        expect(text).to_contain_text("职业道德")
        text.locator("span").nth(2).click()
        expect(page.locator(".playing").first).to_be_visible()
        tour.picture("1-listen")
        page.keyboard.press("e")
        page.keyboard.press("End")
        page.keyboard.type(" Really.")
        expect(text).to_contain_text("Really.")
        tour.picture("1-fix")
        page.keyboard.press("Escape")
        expect(text).not_to_contain_text("Really.")
        page.keyboard.press("e")

        # 2. Doubtful words
        page.keyboard.press("n")
        expect(page.locator(".card")).to_be_visible()
        tour.picture("2-doubt")
        page.keyboard.press("Escape")

        # 3. Language
        expect(
            page.get_by_text(re.compile(r"中文 \d+ % · (English|英语) \d+ %")).first
        ).to_be_visible()
        page.get_by_role("button", name=re.compile("Tidy up|整理")).click()
        expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
        tour.picture("3-language")
        tour.fold()

        # 7. Out
        expect(tour.unfold("save_as")).to_contain_text("职业道德")
        tour.picture("7-out")
        tour.fold()

        # 8. Quotes and pseudonyms
        panel = tour.unfold("quotes")
        tour.button("quote_add").click()
        expect(panel.get_by_role("checkbox")).to_have_count(1)
        tour.picture("8-quotes")
        tour.fold()
        panel = tour.unfold("pseudonyms")
        panel.locator("textarea").fill("职业 = AB")
        tour.says("职业 → AB: 1 ×", "职业 → AB：1 处")
        tour.picture("8-pseudonyms")
        tour.fold()

        # 9. Never lose work, never leave work
        panel = tour.unfold("keep")
        for key in ("passphrase", "passphrase_again"):
            panel.locator(f".st-key-{key} input").fill("granite teapot violin comet harbor")
            tour.says("Good.", "很好。")
        expect(tour.button("download_project")).to_be_enabled()
        tour.picture("9-keep")
        tour.fold()
        page.reload()
        expect(page.locator(".transcript")).to_contain_text("职业道德")

        # 10. Habits
        expect(page.locator(".keys[aria-label]")).to_be_visible()  # its script has come
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        tour.picture("10-keys")
        page.keyboard.press("Escape")
