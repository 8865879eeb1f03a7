"""The helper that opens the browser: one that may write files, as its child the browser must."""

from __future__ import annotations

import subprocess
import threading
import webbrowser

from asr_core import limits
from asr_core.children import command


def open_browser(address: str) -> None:
    """Open `address` in this computer's browser; returns at once.

    The page's server may not write to files, and what it starts inherits that. So a helper does it.
    """
    line = command("ui_components.browser", address)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    threading.Thread(target=subprocess.run, args=(line,), kwargs=quiet, daemon=True).start()


def main(address: str) -> None:
    """The helper itself."""
    limits.allow_files()
    webbrowser.open(address)
