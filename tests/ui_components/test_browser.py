"""The helper that opens the browser."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

PROGRAM = """
import sys, time
from pathlib import Path
from asr_core import limits
from asr_core.privacy import guard
from ui_components.browser import open_browser
guard.stand()
limits.forbid_files()
open_browser("http://127.0.0.1:8765/?key=x")
while not Path(sys.argv[1]).exists():
    time.sleep(0.01)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_the_browser_is_opened_and_may_write_files_though_the_server_may_not(tmp_path):
    browser = tmp_path / "browser"
    written = tmp_path / "done"
    draft = tmp_path / "draft"
    browser.write_text(f"#!/bin/sh\necho $(ulimit -f) $1 > {draft}\nmv {draft} {written}\n")
    browser.chmod(0o755)
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(written)],
        env=os.environ | {"PYTHONPATH": str(PROJECT), "BROWSER": f"{browser} %s"},
        timeout=60,
        check=True,
    )
    assert written.read_text() == "unlimited http://127.0.0.1:8765/?key=x\n"
