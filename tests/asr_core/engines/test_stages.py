"""Every stage of a run is timed by itself."""

from pathlib import Path

from asr_core.audio.decode import open_recording
from asr_core.engines.stages import Stages
from asr_core.settings import Settings
from asr_core.transcribe import transcribe

RECORDING = Path(__file__).resolve().parents[2] / "recordings" / "english-then-mandarin.flac"


def test_seconds_add_up_and_tokens_are_counted_by_the_second(monkeypatch):
    clock = iter([0.0, 1.5, 10.0, 10.5, 20.0, 24.0])
    monkeypatch.setattr("asr_core.engines.stages.perf_counter", lambda: next(clock))
    stages = Stages()
    for stage in ("search", "encoder", "search"):
        with stages.at(stage):
            pass
    stages.made("search", 11)
    stages.made("prefill", 5)  # which took no time
    assert stages.told() == {
        "stages": {"search": 5.5, "encoder": 0.5},
        "tokens_per_second": {"search": 2.0},
    }
    stages.clear()
    assert stages.told() == {"stages": {}, "tokens_per_second": {}}


def test_what_makes_items_is_timed_and_what_uses_them_is_not(monkeypatch):
    now = 0.0
    monkeypatch.setattr("asr_core.engines.stages.perf_counter", lambda: now)
    stages = Stages()

    def items():
        nonlocal now
        for i in range(3):
            now += 1.0
            yield i

    for _ in stages.each("sound", items()):
        now += 10.0
    assert stages.told()["stages"] == {"sound": 3.0}


def test_a_run_says_where_its_time_went_and_the_next_one_begins_anew(engine):
    found = []
    for _ in range(2):
        with open_recording(RECORDING, RECORDING.name) as recording:
            found.append(transcribe(recording, engine, Settings(beam_size=1)).stats)
    for stats in found:
        assert stats["stages"].keys() == {"sound", "encoder", "search", "align"}
        assert all(0 < seconds <= stats["seconds"] for seconds in stats["stages"].values())
        assert stats["tokens_per_second"]["search"] > 0


def test_loading_is_told_with_the_run_it_was_for(engine):
    with open_recording(RECORDING, RECORDING.name) as recording:
        stats = transcribe(recording, engine, Settings(beam_size=1), init=1.25).stats
    assert stats["stages"]["init"] == 1.25
