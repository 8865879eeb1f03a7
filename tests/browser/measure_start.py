"""How soon the page can be used after its program starts: run it by hand, it is no test.

python tests/browser/measure_start.py [times]
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[2]


def main(times: int) -> None:
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        starts = [_start(chromium) for _ in range(times)]
    for name, seconds in zip(("address", "upload field", "model ready"), zip(*starts), strict=True):
        print(f"{name}: median {statistics.median(seconds):.2f} s of {times}, {_listed(seconds)}")


def _start(chromium: Browser) -> tuple[float, float, float]:
    """Seconds from the start to the address, to a field that takes files, and to the model."""
    with tempfile.TemporaryDirectory() as home:
        began = time.perf_counter()
        server = subprocess.Popen(
            [sys.executable, "-m", "asr_core", "app", "--no-browser"],
            cwd=ROOT,
            env={**os.environ, "XDG_CONFIG_HOME": home},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            told = time.perf_counter() - began
            page = chromium.new_page()
            page.goto(address)
            page.locator("[data-testid=stFileUploaderDropzone] button:enabled").wait_for()
            usable = time.perf_counter() - began
            page.get_by_text("Getting ready").wait_for(state="hidden")
            ready = time.perf_counter() - began
            page.close()
        finally:
            server.terminate()
            server.wait()
    return told, usable, ready


def _listed(seconds: tuple[float, ...]) -> str:
    return ", ".join(f"{one:.2f}" for one in seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
