"""How soon the page can be used, and how soon the first words come: run it by hand, it is no test.

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

import soundfile
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SPEECH = ROOT / "tests" / "recordings" / "english-then-mandarin.flac"
WHAT = ("address", "upload field", "model ready", "first words of an hour after the drop")


def main(times: int) -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        hour = _hour(Path(folder))
        chromium = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        starts = [_start(chromium, hour) for _ in range(times)]
    for name, seconds in zip(WHAT, zip(*starts, strict=True), strict=True):
        print(f"{name}: median {statistics.median(seconds):.2f} s of {times}, {_listed(seconds)}")


def _hour(folder: Path) -> Path:
    """A recording of an hour: ten seconds of speech, again and again."""
    waveform, sample_rate = soundfile.read(SPEECH, dtype="int16")
    path = folder / "hour.flac"
    with soundfile.SoundFile(path, "w", sample_rate, 1, "PCM_16") as file:
        for _ in range(3600 * sample_rate // len(waveform)):
            file.write(waveform)
    return path


def _start(chromium: Browser, hour: Path) -> tuple[float, float, float, float]:
    """Seconds from the start to each of `WHAT`; the last counts from the drop."""
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
            began = time.perf_counter()
            page.locator("input[type=file]").first.set_input_files(hour)
            page.locator(".transcript p").first.wait_for()
            heard = time.perf_counter() - began
            page.close()
        finally:
            server.terminate()
            server.wait()
    return told, usable, ready, heard


def _listed(seconds: tuple[float, ...]) -> str:
    return ", ".join(f"{one:.2f}" for one in seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
