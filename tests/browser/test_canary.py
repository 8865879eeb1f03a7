"""A canary name and a canary sentence go through the page; nowhere else may they turn up."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import canary
import pytest
from voice import conversation

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into Linux's /proc"),
]

LIGHT = Path(__file__).resolve().parents[1] / "light"

# The real launcher with an engine that says the sentence. Crashes may leave their image here, and
# the page itself falls over a failed run with sentence and name in its exception.
PROGRAM = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
sys.path.append({str(LIGHT)!r})
from functools import partial
from ui_components import launch, result, runs
runs.Recognizer = partial(runs.Recognizer, loader="canary:load")
shown = result.result
def result_or_crash(run):
    if run.job.error:
        raise ValueError(run.job.name, [segment.text for segment in run.job.segments])
    shown(run)
result.result = result_or_crash
launch.main(browser=False)
"""


def test_the_canaries_are_on_the_page_and_nowhere_else(browser, launch_page, tmp_path, monkeypatch):
    for name in ("HOME", "TMPDIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    (tmp_path / "here").mkdir()
    server = launch_page(tmp_path / "here", [sys.executable, "-c", PROGRAM])
    context = browser.new_context(locale="en-US")
    titles, found = [], []
    address = f"http://{server.host}/?key={server.key}"
    for n_turns in (1, 2, 3):
        page = context.new_page()
        page.goto(address)
        address = f"http://{server.host}/"
        page.locator("input[type=file]").first.set_input_files(
            {"name": canary.NAME, "mimeType": "audio/wav", "buffer": conversation(n_turns)}
        )
        end = page.get_by_test_id("stAlert") if n_turns > 1 else page.locator(".st-key-new")
        expect(end.first).to_be_visible()
        if n_turns == 1:  # it is there to be found
            expect(page.get_by_text(canary.SENTENCE[:20]).first).to_be_visible()
            expect(page.get_by_role("heading", name=canary.NAME)).to_be_visible()
        else:
            expect(end.first).to_contain_text("Internal error: ValueError")
        titles.append(page.title())
        found += canary.in_processes()
        found += canary.in_folders([tmp_path])
    assert [title for title in titles if canary.holds(title)] == []
    context.close()
    out, err = server.end()
    found += canary.in_folders([tmp_path])
    assert found == []
    assert not canary.holds(out + err)
    assert "Traceback" not in err


def test_the_search_finds_what_is_planted(tmp_path):
    """The control."""
    (tmp_path / "log.txt").write_text(canary.SENTENCE, encoding="utf-16")
    (tmp_path / canary.NAME).touch()
    assert len(canary.in_folders([tmp_path])) == 2
    planted = [sys.executable, "-c", "import time; time.sleep(60)", canary.NAME]
    with subprocess.Popen(planted) as process:
        time.sleep(0.2)
        assert canary.in_processes() == [f"/proc/{process.pid}/cmdline"]
        process.kill()
