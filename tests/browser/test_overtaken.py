"""A component whose page is drawn twice in quick succession, as happens on a slow computer.

Streamlit loads a component's module anew for every change of its data. A call that a newer one
overtook meanwhile is ended as if the component were taken off the page (BidiComponent, its effect),
although it stays there.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ui_components.editor import _LABELS, _PARTS, _TEMPLATES

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.browser

ASSETS = Path(__file__).resolve().parents[2] / "assets"
EDITOR = "\n".join((ASSETS / "editor" / f"{part}.js").read_text("utf-8") for part in _PARTS)
TALK = {
    "passages": [
        {"text": text, "start": 3 * i, "end": 3 * i + 2, "language": "en", "speaker": ""}
        | {"redone": False, "words": [], "doubts": []}
        for i, text in enumerate(["good morning", "good evening"])
    ],
    "audio": None,
    "canEdit": True,
    "canRerun": False,
    "canUndo": False,
    "canRedo": False,
    "applied": {},
    "keys": {},
    "labels": {name: name for name in (*_LABELS, *_TEMPLATES)},
}
HOLD = """async ({ js, html }) => {
  const host = document.createElement("div")
  host.id = "held"
  host.style = "position: fixed; inset: 0; z-index: 9999999; background: white" // above the page
  document.body.append(host)
  const root = host.attachShadow({ mode: "open" })
  root.innerHTML = html
  const address = URL.createObjectURL(new Blob([js], { type: "text/javascript" }))
  const { default: show } = await import(address)
  window.sent = []
  const tell = (name, value) => window.sent.push([name, value])
  window.show = (data) =>
    show({ data, parentElement: root, setStateValue: tell, setTriggerValue: tell })
  // The first call is overtaken by the second one, before or after that is made.
  window.overtake = async (data, isLate) => {
    const end = window.show(data)
    if (isLate) window.end = window.show(data)
    await end()
    if (!isLate) window.end = window.show(data)
  }
}"""


COUNTS_EDITORS = """
window.editors = 0  // that listen to keys
const { addEventListener, removeEventListener } = document
const isEditors = (listener) => String(listener).includes("askedBy")
document.addEventListener = function (kind, listener, ...rest) {
  if (isEditors(listener)) window.editors++
  return addEventListener.call(this, kind, listener, ...rest)
}
document.removeEventListener = function (kind, listener, ...rest) {
  if (isEditors(listener)) window.editors--
  return removeEventListener.call(this, kind, listener, ...rest)
}
"""


@pytest.fixture(params=[False, True], ids=["ended first", "ended last"])
def overtaken(page, request):
    """Puts a component on the page, and lets its first call be overtaken by the second one."""

    def overtaken(js, html, data):
        page.evaluate(HOLD, {"js": js, "html": html})
        page.evaluate("([data, isLate]) => overtake(data, isLate)", [data, request.param])
        return page

    return overtaken


def test_the_editor_is_there_once_and_sends_what_is_typed(overtaken):
    html = (ASSETS / "editor" / "editor.html").read_text("utf-8")
    page = overtaken(EDITOR, html, TALK)
    page.evaluate("data => { window.end = show(data) }", TALK)
    passages = page.locator("#held .transcript p")
    expect(passages).to_have_text(["good morning", "good evening"])
    passages.first.dblclick()
    page.keyboard.press("End")
    page.keyboard.type(" to you")
    page.keyboard.press("Enter")
    page.wait_for_function("() => sent.length > 0")
    assert "good morning to you" in json.dumps(page.evaluate("sent"))
    page.evaluate("document.querySelector('#held').remove(); end()")


def test_the_key_for_all_keys_still_works(overtaken):
    html = '<p></p><button lang="en"></button><button class="keys"></button>'
    js = (ASSETS / "masthead.js").read_text("utf-8")
    page = overtaken(js, html, {"lang": "en", "tagline": "", "keys": ""})
    page.keyboard.press("?")
    assert page.evaluate("sent") == [["keys", True]]
    page.evaluate("document.querySelector('#held').remove(); end()")
    page.keyboard.press("?")
    assert page.evaluate("sent") == [["keys", True]]


def test_the_microphone_stays_open(overtaken):
    html = "<button></button><time></time><meter></meter><p></p><small></small>"
    js = (ASSETS / "recorder.js").read_text("utf-8")
    data = {"id": "", "labels": {"stop": "stop", "record": "record"}}
    page = overtaken(js, html, data)
    button = page.locator("#held button")
    button.click()
    expect(button).to_have_text("stop")
    page.evaluate("data => overtake(data, true)", data)
    page.wait_for_timeout(200)
    expect(button).to_have_text("stop")
    page.evaluate("document.querySelector('#held').remove(); end()")


def test_an_editor_that_is_taken_off_the_page_hears_no_keys_any_more(open_page, speech):
    page = open_page(script=COUNTS_EDITORS)
    file = {"name": "talk.flac", "mimeType": "audio/flac", "buffer": speech}
    page.locator("input[type=file]").first.set_input_files(file)
    page.locator(".st-key-transcript .transcript p").first.wait_for()
    page.wait_for_function("() => editors === 1")
    page.locator(".st-key-new button").click()
    page.wait_for_function("() => editors === 0")
