"""A recognizer with the light engine, and something to recognize."""

from __future__ import annotations

import pytest
from voice import conversation

from asr_core.jobs import Recognizer


@pytest.fixture(scope="module")
def recording():
    return conversation(8)


@pytest.fixture(scope="module")
def recognizer():
    recognizer = Recognizer(loader="light_engine:load")
    yield recognizer
    recognizer.close()
