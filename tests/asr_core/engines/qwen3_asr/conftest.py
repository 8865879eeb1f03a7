"""Tiny models of the real classes with made-up weights: they prove code paths, no recognition."""

import numpy as np
import pytest
from tiny_qwen3 import ENGLISH, PLAIN, write_model

from asr_core.audio.segment import Window
from asr_core.engines.qwen3_asr.folder import load_folder
from asr_core.engines.qwen3_asr.placing import Placement


def noise(start, seconds, seed=0):
    """A window of noise, all of it speech as far as anybody knows."""
    sound = 0.1 * np.random.default_rng(seed).standard_normal(round(16_000 * seconds))
    return Window(start, sound.astype(np.float32), ((start, start + seconds),))


@pytest.fixture(scope="session")
def windows():
    """Three windows of unlike lengths."""
    return [noise(0.0, 3.0), noise(4.0, 6.5, seed=1), noise(11.0, 0.4, seed=2)]


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Folders by name; each in a folder of its own, since an aligner beside a model is used."""
    top = tmp_path_factory.mktemp("models")
    for form in ("hf", "original"):
        write_model(top / f"random-{form}" / "model", form)
        write_model(top / f"english-{form}" / "model", form, ENGLISH)
        write_model(top / f"aligned-{form}" / "model", form, ENGLISH)
        write_model(top / f"aligned-{form}" / "aligner", form, aligner=True)
    return top


@pytest.fixture(scope="session")
def loaded(folders):
    """Model and processor of a folder, loaded once."""
    known = {}

    def load(name):
        if name not in known:
            known[name] = load_folder(folders / name, Placement(PLAIN))
        return known[name]

    return load
