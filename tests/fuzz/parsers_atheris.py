"""Lets atheris look for inputs that our own parsers do not refuse as they promise.

    pip install atheris       (Linux, x86-64; nothing of Sottovoce needs it)
    python tests/fuzz/parsers_atheris.py ctranslate2 -max_total_time=300
    python tests/fuzz/parsers_atheris.py wenet GOLDEN/wenet_u2pp -max_total_time=300

Only parsers written in Python are worth it: coverage is of Python code. The second argument of
"wenet" is a folder with a model.safetensors and its train.yaml. What is found lies in crash-*.
"""

import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["asr_core.model.whisper", "asr_core.model.checkpoints"]):
    from asr_core.model import checkpoints, whisper

from asr_core.errors import ModelError


def ctranslate2(data: bytes) -> None:
    """The reader of the bundled weights, in two parts."""
    cut = data[0] * len(data) // 256 if data else 0
    assert isinstance(whisper.parsed((data[:cut], data[cut:])), dict)


class Wenet:
    """The reader of a WeNet folder; its weights stay as they are."""

    def __init__(self, golden: Path) -> None:
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(golden / "model.safetensors", self.folder)

    def __call__(self, data: bytes) -> None:
        (self.folder / "train.yaml").write_bytes(data)
        with suppress(ModelError):
            checkpoints.load_wenet(self.folder)


if __name__ == "__main__":
    target = ctranslate2
    if sys.argv.pop(1) == "wenet":
        target = Wenet(Path(sys.argv.pop(1)))
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
