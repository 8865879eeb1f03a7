"""What is looked at before a recording is given, and what is said when it is not well."""

from types import SimpleNamespace

import psutil
import pytest
from light_engine import LightEngine

from asr_core import preflight
from asr_core.engines import Recognized
from asr_core.errors import AsrError
from asr_core.result import Segment
from asr_core.sandbox import Sandbox
from asr_core.settings import Settings


@pytest.fixture
def free(monkeypatch):
    def set_free(n_bytes):
        found = SimpleNamespace(available=n_bytes, total=8_000_000_000)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: found)

    return set_free


def test_memory_is_enough_or_a_sentence(free):
    free(2_000_000_000)
    assert preflight.memory() == "2.0 of 8.0 GB of memory are free"
    free(1_000_000_000)
    with pytest.raises(AsrError, match=r"^Only 1.0 of 8.0 GB .* 1.5 GB are needed. Close other"):
        preflight.memory()
    assert preflight.memory(preflight.SPARE)


def test_the_disk_is_large_enough_or_a_sentence(monkeypatch):
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda path: SimpleNamespace(free=10**7))
    with pytest.raises(AsrError, match=r"Only 0.0 GB are free in your home folder. Delete"):
        preflight.disk()


def test_silence_goes_the_whole_way():
    preflight.hearing(LightEngine("light"), Settings(), Sandbox())


def test_an_engine_that_hears_words_in_silence_is_unfit():
    class Dreamer(LightEngine):
        def recognize(self, windows, settings):
            list(windows)
            yield Recognized(0.5, (Segment(0.0, 0.5, "en", "Thank you.", 0.9),))

    with pytest.raises(AsrError, match="hears words in silence"):
        preflight.hearing(Dreamer("light"), Settings(), Sandbox())


def test_a_recording_finds_room_beside_what_waits(free):
    free(1_000_000_000)
    preflight.room_for("a.wav", 500_000_000, 100_000_000)
    for n_bytes, largest in [(800_000_000, 0), (1, 800_000_000)]:
        with pytest.raises(AsrError, match=r"“a.wav” \(\d+ MB\) does not fit into memory"):
            preflight.room_for("a.wav", n_bytes, largest)
