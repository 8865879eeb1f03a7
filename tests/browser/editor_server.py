"""Serves editor_page.py with a scripted recognizer, as the launcher serves the real page."""

import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "light"))

from scripted import ScriptedRecognizer  # noqa: E402

from ui_components import launch, runs  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    shutil.copytree(HERE.parents[1] / ".streamlit", Path(folder) / ".streamlit")  # the theme
    launch.APP = Path(shutil.copy(HERE / "editor_page.py", folder))
    runs.Recognizer = ScriptedRecognizer
    launch.main(None, browser=False)
