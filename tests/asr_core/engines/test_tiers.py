"""Two engines as one: which passages the second one reads, of what sound, and where they end up."""

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import asr_core.engines
from asr_core.audio.decode import open_recording
from asr_core.audio.segment import Window
from asr_core.engines import Recognized, Row, load_engine
from asr_core.engines.folders import folder_of
from asr_core.engines.tiers import TieredEngine
from asr_core.errors import AsrError, ModelError
from asr_core.result import Segment
from asr_core.settings import Settings
from asr_core.speed import Speed
from asr_core.text.score import n_errors, scored_tokens
from asr_core.transcribe import transcribe

RECORDING = Path(__file__).resolve().parents[2] / "recordings" / "english-then-mandarin.flac"
TIERS = Settings(second_engine="careful", second_below=0.8)


class Script:
    """An engine that says, of every window, segments it was given; it notes what it hears.

    Args:
        readings: of each window: (start, end, confidence) of its segments, seconds from its start.
    """

    def __init__(self, name, *readings, draft=""):
        self.name = name
        self.readings = readings
        self.draft = draft
        self.heard = []

    def recognize(self, windows, settings):
        for i, window in enumerate(windows):
            self.heard.append(window)
            if self.draft:
                yield Recognized(window.start, (), self.draft)
            segments = tuple(
                Segment(window.start + a, window.start + b, "en", f"{self.name} {a:g}", confidence)
                for a, b, confidence in self.readings[i % len(self.readings)]
            )
            yield Recognized(window.end, segments)

    def align(self, window, text, language):
        return Segment(window.start, window.end, language, text, 1.0)

    def decode(self, settings):
        return settings.decode

    def speed(self, settings):
        return Speed(0.1, 0.0)

    def stats(self):
        return {"device": "cpu", "precision": self.name}


def window(start, *spans):
    """A window whose samples count from 0; spans count from its start."""
    seconds = spans[-1][1]
    waveform = np.arange(round(seconds * 16_000), dtype=np.float32)
    return Window(start, waveform, tuple((start + a, start + b) for a, b in spans))


def texts(recognized):
    return [[segment.text for segment in found.segments] for found in recognized]


def test_what_is_doubtful_is_read_again_in_its_place_and_marked():
    first = Script("fast", [(0, 3, 0.9), (4, 6, 0.5)], [], [(0, 2, 0.79)])
    second = Script("careful", [(0, 1, 0.99)])
    windows = [window(10.0, (0, 3), (4, 6)), window(30.0, (0, 1)), window(40.0, (0, 2))]
    engine = TieredEngine(first, lambda: second)
    found = [*engine.recognize(windows, TIERS)]
    assert texts(found) == [["fast 0", "careful 0"], [], ["careful 0"]]
    assert [[s.redone for s in each.segments] for each in found] == [[False, True], [], [True]]
    assert [each.end for each in found] == [16.0, 31.0, 42.0]
    assert found[0].segments[1].start == 14.0  # the second engine's own time
    stats = engine.stats()
    assert (stats["segments"], stats["redone"], stats["device"]) == (3, 2, "cpu")
    assert stats["second"] == {"engine": "careful", "device": "cpu", "precision": "careful"}


def test_the_second_engine_hears_the_speech_of_the_passage_and_nothing_else():
    first = Script("fast", [(0, 3, 0.9), (4, 5, 0.5), (5.2, 7, 0.6), (7.5, 9, 0.95)])
    second = Script("careful", [(0, 1, 0.99)])
    whole = window(100.0, (0, 3), (4, 7.1), (7.4, 9))
    (found,) = TieredEngine(first, lambda: second).recognize([whole], TIERS)
    (heard,) = second.heard  # both doubtful neighbors, in one piece
    assert (heard.start, heard.spans) == (104.0, ((104.0, 107.1),))
    assert heard.waveform[0] == 4 * 16_000
    assert len(heard.waveform) == round(3.1 * 16_000)
    assert texts([found]) == [["fast 0", "careful 0", "fast 7.5"]]


def test_passages_that_touch_are_cut_in_the_middle_between_their_words():
    first = Script("fast", [(0, 3, 0.5), (3.4, 5, 0.9), (5, 6, 0.2)])
    second = Script("careful", [(0, 1, 0.99)])
    [*TieredEngine(first, lambda: second).recognize([window(0.0, (0, 6))], TIERS)]
    assert [heard.spans for heard in second.heard] == [((0.0, 3.2),), ((5.0, 6.0),)]


class Passing(Script):
    """As an engine reads a window that is still growing; not at all without speech."""

    def recognize(self, windows, settings):
        for window in windows:
            if not window.is_open:
                yield from super().recognize([window], settings)
            elif window.spans:
                yield Recognized(window.start, (), "in passing" if window.start else "")


def test_a_window_that_still_grows_is_shown_and_the_second_engine_waits_for_the_whole_of_it():
    first, second = Passing("fast", [(0, 3, 0.5)]), Script("careful", [(0, 1, 0.99)])
    whole = [window(0.0, (0, 3)), window(10.0, (0, 3))]
    grown = [replace(each, is_open=True) for each in whole]
    silent = Window(5.0, np.zeros(0, np.float32), (), is_open=True)
    windows = [grown[0], whole[0], silent, grown[1], whole[1]]
    found = [*TieredEngine(first, lambda: second).recognize(windows, TIERS)]
    assert [each.draft for each in found] == ["", "", "in passing", ""]
    assert texts(found) == [[], ["careful 0"], [], ["careful 0"]]
    assert len(second.heard) == 2


def test_what_has_no_sound_of_its_own_stays():
    first = Script("fast", [(0, 2, 0.9), (2, 2, 0.1)])
    second = Script("careful", [(0, 1, 0.99)])
    (found,) = TieredEngine(first, lambda: second).recognize([window(0.0, (0, 2))], TIERS)
    assert texts([found]) == [["fast 0", "fast 2"]]
    assert second.heard == []


def test_where_the_second_engine_hears_nothing_nothing_is_left():
    first = Script("fast", [(0, 2, 0.1)])
    engine = TieredEngine(first, lambda: Script("careful", []))
    assert texts(engine.recognize([window(0.0, (0, 2))], TIERS)) == [[]]
    assert engine.stats()["redone"] == 1


def test_the_second_engine_is_loaded_once_and_only_when_it_is_needed():
    loads = []

    def load():
        loads.append(1)
        return Script("careful", [(0, 1, 0.99)])

    sure = TieredEngine(Script("fast", [(0, 2, 0.8)]), load)
    assert "second" not in sure.stats()
    assert texts(sure.recognize([window(0.0, (0, 2))], TIERS)) == [["fast 0"]]
    assert loads == []
    engine = TieredEngine(Script("fast", [(0, 2, 0.1)]), load)
    for _ in range(2):
        assert texts(engine.recognize([window(0.0, (0, 2))] * 2, TIERS)) == [["careful 0"]] * 2
    assert loads == [1]


def test_drafts_of_both_come_through():
    first = Script("fast", [(0, 2, 0.1)], draft="so f")
    second = Script("careful", [(0, 1, 0.99)], draft="so c")
    found = [*TieredEngine(first, lambda: second).recognize([window(0.0, (0, 2))], TIERS)]
    assert [each.draft for each in found] == ["so f", "so c", ""]


def test_text_comes_before_the_whole_recording_is_heard():
    taken = []

    def windows():
        for start in (0.0, 10.0):
            taken.append(start)
            yield window(start, (0, 2))

    engine = TieredEngine(Script("fast", [(0, 2, 0.1)]), lambda: Script("careful", [(0, 1, 0.9)]))
    assert texts([next(engine.recognize(windows(), TIERS))]) == [["careful 0"]]
    assert taken == [0.0]


@pytest.fixture
def scripts(monkeypatch, tmp_path):
    """Two models of a kind of their own, and which of them were loaded."""
    loaded = []

    def load(settings):
        name = folder_of(settings.engine).name
        loaded.append((name, settings.precision))
        return Script(name, [(0, 2, 0.1)])

    module = ModuleType("script_engine")
    module.load = load
    monkeypatch.setitem(sys.modules, "script_engine", module)
    row = Row("script_engine:load", lambda folder: folder.parent == tmp_path)
    monkeypatch.setattr(asr_core.engines, "TABLE", [row])
    for name in ("small", "large"):
        (tmp_path / name).mkdir()
    return loaded


def test_two_models_of_the_settings_are_one_engine(scripts, tmp_path):
    settings = Settings(
        engine=str(tmp_path / "small"),
        device="cpu",
        precision="int8",
        second_engine=str(tmp_path / "large"),
        second_precision="bfloat16",
    )
    engine = load_engine(settings)
    assert scripts == [("small", "int8")]
    assert texts(engine.recognize([window(0.0, (0, 2))], settings)) == [["large 0"]]
    assert scripts == [("small", "int8"), ("large", "bfloat16")]


def test_the_bundled_model_in_8_bits_is_read_again_in_full_precision(engine):
    """Real weights: with every passage read again the text is that of the second alone."""
    settings = Settings(device="cpu", precision="int8", second_below=1.0)
    tiers = TieredEngine(load_engine(settings), lambda: engine)
    heard = []
    for each in (engine, tiers):
        with open_recording(RECORDING.read_bytes(), "talk.flac") as recording:
            heard.append(transcribe(recording, each, settings))
    full, found = heard
    assert all(segment.redone for segment in found.segments)
    right, said = scored_tokens(full.text), scored_tokens(found.text)
    assert len(right) > 20
    assert n_errors(right, said) <= 1  # passages are cut out of their windows
    assert found.stats["precision"] == "int8"
    assert found.stats["second"]["precision"] == "float32"
    assert found.stats["redone"] == found.stats["segments"] == len(found.segments)


def test_a_second_model_that_is_not_there_is_told_before_anything_is_loaded():
    with pytest.raises(ModelError, match="There is no model 'whisper'"):
        load_engine(Settings(device="cpu", precision="int4", second_engine="whisper"))


def test_the_first_model_is_no_second_one():
    with pytest.raises(AsrError, match=r"The second model is the first one, .* Choose another"):
        load_engine(
            Settings(precision="int8", second_engine="sottovoce-base", second_precision="int8")
        )
