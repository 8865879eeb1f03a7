"""A model is fetched by way of the page: by its real server, which may neither write nor leave.

The recognizer is a light one, and the model made-up bytes on a hub on loopback.
"""

from __future__ import annotations

import sys

import pytest
from model_hub import ModelHub
from page_server import launch_with

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(sys.platform == "win32", reason="gives the page a home by XDG"),
]

START = launch_with()


@pytest.fixture
def hub():
    served = ModelHub()
    served.models["FireRedTeam/FireRedASR-AED-L"] = {
        "model.pth.tar": bytes(24_000_000),
        "cmvn.ark": b"cmvn",
        "dict.txt": b"a 0\n",
        "train_bpe1000.model": b"pieces",
    }
    yield served
    served.close()


def test_a_model_is_fetched_watched_and_removed(hub, launch_page, visit, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    server = launch_page(command=START, settings='{"engine": "light"}')
    with visit(server) as visitor:
        page = visitor.open_page()
        page.get_by_text("Models", exact=True).click()
        expect(page.get_by_text("Getting ready")).to_be_hidden()
        chooser = page.get_by_role("combobox", name="Model")
        chooser.scroll_into_view_if_needed()
        page.wait_for_timeout(1000)  # a list that is open closes when the page scrolls
        chooser.click()
        page.get_by_role("option", name="firered-asr-aed-l").click()
        page.get_by_role("button", name="Add…").click()
        expect(page.get_by_text("Fetch 4.4 GB over the network")).to_be_visible()
        expect(page.get_by_text(f"{hub.address}/FireRedTeam/FireRedASR-AED-L")).to_be_visible()
        assert hub.asked == []
        hub.pause = 1.0
        page.get_by_role("button", name="Yes, fetch it").click()
        expect(page.get_by_text("10.5 MB of 24.0 MB")).to_be_visible()
        hub.pause = 0.0
        expect(page.get_by_text("firered-asr-aed-l is here, and every byte")).to_be_visible()
        folder = tmp_path / "sottovoce" / "models" / "firered-asr-aed-l"
        assert (folder / "model.pth.tar").stat().st_size == 24_000_000
        page.get_by_role("button", name="Check every byte").click()
        expect(page.get_by_text("Whole: every byte is as it came.")).to_be_visible()
        page.get_by_role("button", name="Remove…").click()
        page.get_by_role("button", name="Yes, delete it").click()
        expect(page.get_by_role("button", name="Add…")).to_be_visible()
        assert not folder.exists()
