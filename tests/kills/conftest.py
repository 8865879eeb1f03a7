"""Households in which Sottovoce is killed."""

from __future__ import annotations

import pytest
from household import Household


@pytest.fixture(scope="module")
def make_household(tmp_path_factory):
    """Makes households."""
    made = []

    def make(**engine: str) -> Household:
        folder = tmp_path_factory.mktemp("household")
        made.append(Household(folder / "all", folder / "aside", **engine))
        return made[-1]

    yield make
    for household in made:
        household.close()
