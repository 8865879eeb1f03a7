"""What the words of other engines are timed by."""

import pytest

from asr_core.engines import times
from asr_core.engines.folders import BUNDLED
from asr_core.settings import Settings


@pytest.mark.parametrize(
    ("device", "expected"),
    [("vulkan", "auto"), ("directml", "auto"), ("coreml", "auto"), ("cuda:1", "cuda:1")],
)
def test_the_bundled_model_aligns_on_a_device_that_torch_has(device, expected, monkeypatch):
    class Engine:
        def align(self, window, text, language):
            return None

    loaded = []
    monkeypatch.setattr(times, "load_engine", lambda s: loaded.append(s) or Engine())
    align = times.bundled_alignment(Settings(engine="another", device=device))
    assert not loaded
    for _ in range(2):
        align(None, "a", "en")
    assert [(s.engine, s.device) for s in loaded] == [(BUNDLED, expected)]
