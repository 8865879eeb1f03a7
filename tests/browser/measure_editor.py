"""How quick the editor is with the transcript of two hours: run it by hand, it is no test.

python tests/browser/measure_editor.py [words]
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

SERVER = Path(__file__).with_name("editor_server.py")
TIMES = 15

SHADOW = """const host = [...document.querySelectorAll("*")].find(
    one => one.shadowRoot?.querySelector(".editor"))
const root = host.shadowRoot
"""

# From the click to the event that says the player is there.
SEEK = f"""index => new Promise(resolve => {{
    {SHADOW}
    const row = root.querySelectorAll("section")[index]
    row.scrollIntoView({{block: "center"}})
    const word = row.querySelectorAll("span")[3]
    const audio = document.querySelector("audio")
    requestAnimationFrame(() => setTimeout(() => {{
        const began = performance.now()
        audio.addEventListener("seeked", () => resolve(performance.now() - began), {{once: true}})
        word.click()
    }}, 100))
}})"""

# From each key to the first task after the frame that shows it.
WATCH_KEYS = f"""() => {{
    {SHADOW}
    window.keys = []
    document.addEventListener("keydown", event => {{
        const began = event.timeStamp
        requestAnimationFrame(() => {{
            const channel = new MessageChannel()
            channel.port1.onmessage = () => window.keys.push(performance.now() - began)
            channel.port2.postMessage(0)
        }})
    }}, true)
}}"""


def main(n_words: int) -> None:
    server = subprocess.Popen([sys.executable, str(SERVER)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        with sync_playwright() as driver:
            chromium = driver.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
            )
            page = chromium.new_page(viewport={"width": 1280, "height": 720})
            address = server.stdout.readline().strip()
            page.goto(address)
            page.locator(".transcript p").first.wait_for()
            measure(page, address.partition("?")[0], n_words)
            chromium.close()
    finally:
        server.terminate()
        server.wait()


def measure(page: Page, address: str, n_words: int) -> None:
    page.goto(f"{address}?words={n_words}", wait_until="commit")
    began = page.evaluate("performance.now()")
    page.locator(".transcript p").first.wait_for()
    say("first show, page load included", [page.evaluate("performance.now()") - began])
    page.wait_for_timeout(2000)
    rows = page.locator("section").count()
    say("click to seek", [page.evaluate(SEEK, i * (rows - 1) // TIMES) for i in range(TIMES)])
    page.evaluate(WATCH_KEYS)
    page.locator("section p").nth(rows // 2).dblclick()
    page.keyboard.type("some more words for this one", delay=60)
    say("key to paint, while it plays", page.evaluate("keys"))
    page.evaluate("keys.length = 0")
    for _ in range(TIMES):
        page.keyboard.type("x")
        page.keyboard.press("Enter")  # saved: Python answers while the next is typed
        page.keyboard.type("and on ", delay=60)
    say("key to paint, while corrections are saved", page.evaluate("keys"))
    page.keyboard.press("Escape")
    page.wait_for_timeout(2000)
    page.locator("[data-do=undo]").click()
    page.evaluate("keys.length = 0")
    page.keyboard.press("Control+f")
    page.keyboard.type("the market", delay=60)
    say("key to paint in the search field", page.evaluate("keys"))


def say(what: str, times_ms: list[float]) -> None:
    worst, middle = max(times_ms), statistics.median(times_ms)
    print(f"{what}: median {middle:.0f} ms, worst {worst:.0f} ms of {len(times_ms)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
