"""The table of a fast model, a careful one, and both."""

from pathlib import Path

from asr_core.bench.manifest import Recording
from asr_core.bench.tiers import measure, table, ways
from asr_core.settings import Settings

SPEECH = Path(__file__).resolve().parents[2] / "recordings" / "english-then-mandarin.flac"


def test_every_way_has_a_line_and_what_is_read_again_is_counted():
    """By the bundled model, real weights."""
    said = "in a time which is long long ago"
    spoken = Recording("talk", SPEECH, said, "en", "real", 2.0, 1)
    settings = Settings(
        device="cpu",
        precision="int8",
        second_engine="sottovoce-base",
        second_precision="float32",
    )
    compared = ways(settings, [0.0, 1.0])
    assert [*measure(compared, [spoken], 1)] == [spoken]
    assert [way.name for way in compared] == [
        "first, int8",
        "both, 0",
        "both, 1",
        "second, float32",
    ]
    assert [way.n_redone == way.n_segments for way in compared] == [False, False, True, False]
    assert all("time" in way.scored[0].hypothesis for way in compared)
    assert all(way.seconds > 0 for way in compared)
    lines = table(compared).splitlines()
    assert len(lines) == 2 + len(compared)
    assert len({line.count("|") for line in lines}) == 1
