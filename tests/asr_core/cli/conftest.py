"""Makes the light engine and its voices importable, here and in the worker process."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "light"))
