"""The bundled engine, loaded once: real weights, real words."""

import pytest

from asr_core.engines import load_engine
from asr_core.settings import Settings


@pytest.fixture(scope="session")
def engine():
    return load_engine(Settings(precision="float32", device="cpu"))
