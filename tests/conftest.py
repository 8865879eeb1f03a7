"""Fixtures every test may use."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder with golden vectors, evaluation audio and tools; only the developers have it."""
    if not SHARED.is_dir():
        pytest.skip("needs the developers' shared folder beside the project")
    return SHARED
