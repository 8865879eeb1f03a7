"""The microphone: what the browser is handed, and where it sends what it hears."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette

from asr_core.jobs import LiveSound
from ui_components import recorder, spoken
from ui_components.run import Run

ASSETS = Path(recorder.__file__).parents[1] / "assets"
SOURCE = (ASSETS / "recorder.js").read_text("utf-8")


class Job:
    id = "abc"


class OneRun:
    """All runs of a page that records one thing."""

    def __init__(self):
        self.run = Run(Job(), None, "page", live=LiveSound(16_000))
        self.finished = []

    def live(self, job):
        return self.run if self.run.live and job == Job.id else None

    def finish(self, run):
        self.finished.append(run)
        run.live = None


@pytest.fixture
def page(monkeypatch):
    page = OneRun()
    monkeypatch.setattr(spoken, "runs", lambda: page)
    return page


def post(*parts, job=Job.id, method="POST"):
    """The status of the answer to a body in parts."""
    scope = {
        "type": "http",
        "method": method,
        "path": f"/spoken/{job}",
        "query_string": b"",
        "headers": [],
    }
    bodies = [{"type": "http.request", "body": p, "more_body": True} for p in parts]
    bodies.append({"type": "http.request", "body": b"", "more_body": False})
    answers = []

    async def receive():
        return bodies.pop(0)

    async def send(message):
        answers.append(message)

    asyncio.run(Starlette(routes=[spoken.route])(scope, receive, send))
    return answers[0]["status"]


def test_sound_is_added_until_an_empty_piece_ends_it(page):
    live = page.run.live
    assert post(b"ab", b"cd") == 204
    assert post(b"ef") == 204
    assert (live.piece(0), page.finished) == (b"abcdef", [])
    assert post() == 204
    assert page.finished == [page.run]
    assert post(b"gh") == 410
    assert post() == 410


def test_what_nobody_wants_is_refused(page):
    assert post(b"ab", job="another") == 410
    assert post(b"abc") == 410  # half a sample
    assert post(b"ab", method="GET") == 405
    assert post(*[bytes(spoken.MAX_BLOCK // 2)] * 3) == 413
    assert page.run.live.n_bytes == 0


def test_every_word_the_browser_shows_is_handed_to_it():
    by_name = {"NotAllowedError", "NotFoundError"}
    assert set(re.findall(r"labels\.(\w+)", SOURCE)) | by_name == set(recorder._LABELS)
