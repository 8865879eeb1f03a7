"""A hub with one small model, and a folder for models of the test's own."""

from __future__ import annotations

import random

import pytest
from model_hub import ModelHub

REPOSITORY, MODEL = "FireRedTeam/FireRedASR-AED-L", "firered-asr-aed-l"

# Made-up bytes under the names that this model's files have: nothing here recognizes anything. The
# client writes 10 MiB at once, so a file must be longer for a part of it to be kept.
FILES = {
    "model.pth.tar": random.Random(5).randbytes(24_000_000),
    "cmvn.ark": b"cmvn",
    "dict.txt": b"a 0\nb 1\n",
    "train_bpe1000.model": b"pieces",
    "README.md": b"# A model\n",
}


@pytest.fixture
def models_folder(tmp_path, monkeypatch):
    """Where models are added in this test, in a home of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "data" / "sottovoce" / "models"


@pytest.fixture
def hub(models_folder, monkeypatch):
    """The hub that HF_ENDPOINT names, with one model."""
    served = ModelHub()
    served.models[REPOSITORY] = FILES | {"setup.py": b"raise SystemExit", "run.sh": b"rm -r /"}
    monkeypatch.setenv("HF_ENDPOINT", served.address)
    yield served
    served.close()


@pytest.fixture
def files():
    """The files of that model."""
    return FILES
