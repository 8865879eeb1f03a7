"""The same with a real browser, whose profile is searched as well."""

from __future__ import annotations

import os
import shutil
import sys

import pytest
from visits import PHASES, Visits, moments

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into Linux's /proc"),
]

soak = pytest.mark.soak

PATIENCE_MS = 120_000


@pytest.fixture
def chromium(tmp_path):
    """A browser with the profile of a household, which keeps what it keeps."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Chromium: the browser tests may not be left out there")
        pytest.skip("needs Chromium")
    options = ["--disable-background-networking"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    with playwright.sync_playwright() as driver:
        yield lambda profile, downloads: driver.chromium.launch_persistent_context(
            profile,
            executable_path=program,
            args=options,
            downloads_path=downloads,
            accept_downloads=True,
            locale="en-US",
        )


@pytest.mark.parametrize(
    ("phase", "number"),
    [("save", 1), *[pytest.param(phase, i, marks=soak) for i, phase in enumerate(PHASES)]],
)
def test_a_kill_leaves_nothing_in_the_browsers_profile(make_household, chromium, phase, number):
    household = make_household()
    visits = Visits(household)
    moment = moments(phase, number + 1)[number]
    marks, downloads = moment.marks, household.aside / "downloads"
    source = household.aside / marks.name  # the person's own file, which stays where it is
    source.write_bytes(visits.sound(marks, phase))
    context = chromium(household.folder / "home" / "profile", downloads)
    context.set_default_timeout(PATIENCE_MS)
    server = household.server
    page = context.new_page()
    page.goto(f"http://{server.host}/?key={server.key}")
    page.locator("input[type=file]").first.set_input_files(source)
    if phase in ("streaming", "save"):
        page.get_by_text(marks.word).first.wait_for()
    if phase == "save":
        page.locator(".st-key-save_as button").click()
        with page.expect_download() as download:
            page.locator(".st-key-download button").first.click()
        assert marks.word in download.value.path().read_text("utf-8")
    elif phase != "upload":
        household.until_told({"decode": "asked"}.get(phase, "window"))
    page.wait_for_timeout(moment.rng.uniform(0, 300))
    found = household.strike(moment.victim, marks.needles)
    page.wait_for_timeout(1000)  # it may now write what it likes
    context.close()
    household.end()
    assert found + household.search(marks.needles) == []
