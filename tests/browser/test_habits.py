"""Keys, languages, colors, and what a screen reader meets."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest
from waiting import until

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
expect = sync_api.expect

pytestmark = pytest.mark.browser

SCREENSHOTS = Path(__file__).resolve().parents[2] / "runs" / "screenshots"  # git ignores it

# About landmarks of the page around ours, which Streamlit draws.
NOT_OURS = {"region", "landmark-one-main", "page-has-heading-one"}


def serious(page):
    """What axe-core finds that keeps people out, by rule."""
    found = axe.Axe().run(page).response["violations"]
    return {
        rule["id"]: [node["html"][:200] for node in rule["nodes"]]
        for rule in found
        if rule["impact"] in ("serious", "critical") and rule["id"] not in NOT_OURS
    }


def keep_picture(page, name):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


OPEN_OR_DRAWN_ANEW = "panel => panel.parentElement?.open || !panel.isConnected"


def unfold(page):
    """Open every panel, one after the other, and those that this brings to light."""
    still = expect(page.get_by_test_id("stApp"))
    folded = page.locator("details:not([open]) > summary")
    still.to_have_attribute("data-test-script-state", "notRunning")
    while folded.count():
        panel = folded.first.element_handle()
        panel.evaluate("panel => panel.click()")
        until(partial(panel.evaluate, OPEN_OR_DRAWN_ANEW))
        still.to_have_attribute("data-test-script-state", "notRunning")
    assert page.locator("details[open]").count() > 3
    until(partial(page.evaluate, "document.getAnimations().length == 0"))  # colors are final


def finished(page, speech):
    page.locator("input[type=file]").first.set_input_files(
        {"name": "meeting.flac", "mimeType": "audio/flac", "buffer": speech}
    )
    expect(page.locator(".st-key-new button")).to_be_visible()
    expect(page.get_by_text("long time ago").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Copy text|复制全文"))).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "scheme"),
    [
        ("en-US", "light"),
        ("zh-CN", "dark"),
        pytest.param("en-US", "dark", marks=pytest.mark.soak),
        pytest.param("zh-CN", "light", marks=pytest.mark.soak),
    ],
)
def test_every_page_is_open_to_a_screen_reader(open_page, speech, scheme, locale):
    page = open_page(locale, scheme=scheme)
    page.set_viewport_size({"width": 1280, "height": 720})
    expect(page.get_by_test_id("stFileUploader").first).to_be_visible()
    assert serious(page) == {}
    keep_picture(page, f"idle-{scheme}-{locale[:2]}")
    unfold(page)
    expect(page.get_by_role("combobox", name=re.compile("^(Model|模型)$")).last).to_be_visible()
    assert serious(page) == {}
    finished(page, speech)
    assert serious(page) == {}
    keep_picture(page, f"done-{scheme}-{locale[:2]}")


def test_the_page_speaks_the_language_that_was_chosen_and_remembers_it(visit, launch_page):
    with visit(launch_page()) as visitor:  # a server of its own, since it is what remembers
        page = visitor.open_page("en-US")
        page.get_by_role("button", name="中文").click()
        expect(page.get_by_role("heading", name="放入录音，立见文字")).to_be_visible()
        assert page.evaluate("document.documentElement.lang") == "zh"
        page.reload()
        expect(page.get_by_role("heading", name="放入录音，立见文字")).to_be_visible()
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", name="Drop a recording")).to_be_visible()


def test_no_field_is_spell_checked_since_that_may_send_its_text_away(page):
    page.get_by_text("Advanced").click()
    field = page.locator("textarea").first
    expect(field).to_be_visible()
    assert field.evaluate("field => field.spellcheck") is False


def test_a_question_mark_shows_the_keys(page):
    expect(page.get_by_role("button", name="Keys")).to_be_visible()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Show this list")
    expect(dialog).to_contain_text("Next unsure word")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
