"""What leaves the real page: copied, saved, quoted, under other names, kept and opened again."""

from __future__ import annotations

import re
import time

import psutil
import pytest

from asr_core.editing.quotes import Quote
from asr_core.export import FORMATS, Layout, as_file
from asr_core.export.docx import text_of
from asr_core.project import Project, opened, sealed
from asr_core.result import Language, Segment, Transcript, Word

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000
PASSPHRASE = "four words of mine"
WORDS = tuple(
    Word(word, i / 2, (i + 1) / 2, 0.9) for i, word in enumerate(["I", "met", "Ann", "Lee."])
)
TRANSCRIPT = Transcript(
    "Ann_Lee.m4a",
    80.0,
    (
        Segment(0.0, 2.0, "en", "I met Ann Lee.", 0.9, WORDS, "李雷"),
        Segment(2.1, 4.0, "en", "She left.", 0.9, speaker="李雷"),
        Segment(65.0, 69.0, "zh", "李雷没有说话。", 0.9, speaker="Ann"),
    ),
    Language(0.3, 0.7, 0.0, "mixed"),
    "sottovoce-base",
    "joint",
)


def show(page, project):
    """Open a kept project on the idle page."""
    page.get_by_text("Open a kept project").click()
    data = sealed(project, PASSPHRASE)
    choose(page, data, PASSPHRASE)
    expect(page.locator(".st-key-new button")).to_be_visible()


def choose(page, data, passphrase):
    page.locator("[class*=st-key-project-file] input[type=file]").set_input_files(
        {"name": "a.sottovoce", "mimeType": "application/octet-stream", "buffer": data}
    )
    expect(page.get_by_text("a.sottovoce")).to_be_visible()
    page.locator("[class*=st-key-project-passphrase] input").fill(passphrase)
    page.get_by_role("button", name="Open", exact=True).click()


def unfold(page, name):
    page.get_by_role("button", name=name).click()
    panel = page.get_by_test_id("stPopoverBody")
    expect(panel).to_be_visible()
    return panel


def fold(page):
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def saved(page, button):
    """The name and the bytes of what a button downloads."""
    with page.expect_download() as waiting:
        button.click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def copied(page):
    page.get_by_role("button", name="Copy text").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    text = page.evaluate("navigator.clipboard.readText()")
    expect(page.get_by_role("button", name="Copy text")).to_be_visible()  # a moment later
    return text


def expect_copied(page, text):
    """The page hears of a choice a moment later, so what is copied may need a second look."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while (found := copied(page)) != text and time.monotonic() < deadline:
        pass
    assert found == text


def press(page, name):
    pill = page.locator(".st-key-marks").get_by_role("button", name=name)
    was = pill.get_attribute("aria-pressed")
    pill.click()
    expect(pill).not_to_have_attribute("aria-pressed", was)


def set_breaks(page, name):
    page.get_by_role("combobox", name="Paragraphs").click()
    page.get_by_role("option", name=name).click()


def type_names(page, lines):
    panel = unfold(page, "Pseudonyms")
    panel.locator("textarea").fill(lines)
    return panel


@pytest.fixture(scope="module")
def kept(lasting_page):
    """A page that shows a project."""
    show(lasting_page, Project(TRANSCRIPT, (Quote("She left.", 2.1, 4.0, "李雷"),)))
    return lasting_page


def test_what_is_copied_is_plain_or_has_times_or_speakers(kept):
    press(kept, "Speakers")
    expect_copied(kept, "I met Ann Lee. She left.\n\n李雷没有说话。\n")
    press(kept, "Times")
    expect_copied(kept, "[0:00] I met Ann Lee. She left.\n\n[1:05] 李雷没有说话。\n")
    press(kept, "Times")
    press(kept, "Speakers")
    expect_copied(kept, "李雷: I met Ann Lee. She left.\n\nAnn：李雷没有说话。\n")
    set_breaks(kept, "A line a sentence")
    expect_copied(kept, "李雷: I met Ann Lee.\n李雷: She left.\nAnn：李雷没有说话。\n")
    set_breaks(kept, "Paragraphs by pauses")
    expect_copied(kept, "李雷: I met Ann Lee. She left.\n\nAnn：李雷没有说话。\n")
    expect(kept.get_by_text("clipboard history may keep")).to_be_visible()


def test_every_format_is_previewed_and_saved_to_the_byte(kept):
    asked = []
    kept.on("request", lambda request: asked.append(request.url))
    panel = unfold(kept, "Save as")
    for format in FORMATS:
        name = {"md": "Markdown", "docx": "Word"}.get(format, format.upper())
        panel.get_by_text(name, exact=True).click()
        button = panel.get_by_role("button", name=f"Download {format.upper()}")
        expect(button).to_be_visible()
        wanted = as_file(TRANSCRIPT, format, Layout())
        begin = (text_of(wanted) if format == "docx" else wanted.decode()).split("\n")[0]
        expect(panel.get_by_test_id("stText")).to_contain_text(begin)
        assert not [url for url in asked if "/media/" in url]  # nothing is made unasked
        assert saved(kept, button) == (f"Ann_Lee.{format}", wanted)
        asked.clear()
    fold(kept)


def test_only_quotes_that_were_checked_are_saved(kept):
    panel = unfold(kept, "Quotes")
    expect(panel.get_by_text("“She left.”")).to_be_visible()
    button = panel.get_by_role("button", name="Download DOCX")
    expect(button).to_be_disabled()
    panel.get_by_role("button", name="Add to the quotes").click()
    boxes = panel.get_by_role("checkbox", name="Heard and checked")
    expect(boxes).to_have_count(2)
    panel.get_by_text("Heard and checked", exact=True).first.click()
    expect(button).to_be_enabled()
    name, data = saved(kept, button)
    assert name == "quotes Ann_Lee.docx"
    assert text_of(data).split("\n") == [
        "Quotes from Ann_Lee.m4a",
        "“I met Ann Lee.”",
        "— 李雷, 0:00–0:02, heard and checked",
    ]
    panel.get_by_role("button", name="Remove this quote").first.click()
    expect(boxes).to_have_count(1)
    fold(kept)


def test_codes_stand_for_names_in_all_that_leaves_and_the_list_is_apart(kept):
    panel = type_names(kept, "Ann Lee = Source A\n李雷 = 甲")
    expect(panel.get_by_text("Ann Lee → Source A: 2 ×")).to_be_visible()
    expect(panel.get_by_text("“Ann” (1, like Ann Lee)")).to_be_visible()
    assert panel.locator("textarea").get_attribute("spellcheck") == "false"
    name, data = saved(kept, panel.get_by_role("button", name="Download the list"))
    assert (name, data.decode()) == ("pseudonyms.txt", "Ann Lee = Source A\n李雷 = 甲\n")
    fold(kept)
    expect_copied(kept, "甲: I met Source A. She left.\n\nAnn：甲没有说话。\n")
    panel = unfold(kept, "Save as")
    panel.get_by_text("JSON", exact=True).click()
    name, data = saved(kept, panel.get_by_role("button", name="Download JSON"))
    assert name == "Source A.json"
    assert "Lee" not in data.decode()
    assert "李雷" not in data.decode()
    fold(kept)
    panel = type_names(kept, "Ann Lee")
    expect(panel.get_by_text("Line 1 of the pseudonyms")).to_be_visible()
    expect(kept.get_by_text("Copying and saving wait")).to_be_visible()
    expect(kept.get_by_role("button", name="Copy text")).to_have_count(0)
    panel.locator("textarea").fill("")
    expect(kept.get_by_role("button", name="Copy text")).to_be_visible()
    fold(kept)


def test_what_was_kept_is_opened_again_by_its_passphrase_alone(kept, open_page):
    panel = unfold(kept, "Keep")
    button = panel.get_by_role("button", name="Download the project")
    expect(button).to_be_disabled()
    panel.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    panel.get_by_label("Passphrase again").fill(PASSPHRASE)
    expect(button).to_be_enabled()
    name, data = saved(kept, button)
    assert re.fullmatch(r"transcript \d{4}-\d\d-\d\d\.sottovoce", name)
    assert opened(data, PASSPHRASE).transcript == TRANSCRIPT
    assert b"Ann" not in data
    fold(kept)
    page = open_page()
    page.get_by_text("Open a kept project").click()
    choose(page, data, "not these words")
    expect(page.get_by_text("The passphrase is wrong.")).to_be_visible()
    page.locator("[class*=st-key-project-passphrase] input").fill(PASSPHRASE)
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_role("heading", name="Ann_Lee.m4a")).to_be_visible()
    assert "李雷没有说话。" in copied(page)
    page.reload()
    expect(page.get_by_role("heading", name="Ann_Lee.m4a")).to_be_visible()
    expect(unfold(page, "Quotes").get_by_text("“She left.”")).to_be_visible()
    fold(page)


def test_the_text_outlives_its_worker(page, page_server, long_speech):
    page.locator("input[type=file]").set_input_files(
        {"name": "long.wav", "mimeType": "audio/wav", "buffer": long_speech}
    )
    expect(page.locator(".transcript p").first).to_be_visible()
    said = page.locator(".transcript p").first.inner_text()
    for child in psutil.Process(page_server.process.pid).children():
        child.kill()
    expect(page.locator(".st-key-new button")).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_contain_text("is kept.")
    assert said in copied(page)
    page.reload()
    expect(page.locator(".st-key-new button")).to_be_visible()
    assert said in copied(page)
