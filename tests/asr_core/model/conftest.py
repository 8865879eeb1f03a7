"""Small random models, and the bundled one, loaded once."""

import pytest

from asr_core.model.growth import load_grown
from asr_core.model.hybrid import HybridModel


@pytest.fixture(scope="session")
def bundled() -> HybridModel:
    """The bundled model in float32; not to be changed."""
    return load_grown()
