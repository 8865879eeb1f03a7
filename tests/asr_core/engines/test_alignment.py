"""A text that is known is found in the sound, by the bundled engine with its real weights."""

from dataclasses import replace
from pathlib import Path

import pytest

from asr_core.audio.clip import Clip
from asr_core.audio.decode import open_recording
from asr_core.editing.heard_again import MARGIN, with_times
from asr_core.settings import Settings
from asr_core.text.chinese import in_script
from asr_core.transcribe import align, transcribe

SPEECH = Path(__file__).parents[2] / "recordings" / "english-then-mandarin.flac"


@pytest.fixture(scope="module")
def transcript(engine):
    with open_recording(SPEECH, SPEECH.name) as recording:
        return transcribe(recording, engine, Settings(beam_size=1))


def aligned(engine, passage, text):
    clip = Clip(max(0.0, passage.start - MARGIN), passage.end + MARGIN)
    with open_recording(SPEECH, SPEECH.name, clip) as recording:
        return align(recording, engine, text, passage.language)


def difference(passage, other):
    pairs = zip(passage.words, other.words, strict=True)
    return max(max(abs(a.start - b.start), abs(a.end - b.end)) for a, b in pairs)


@pytest.mark.parametrize("place", [0, -1])
def test_the_same_text_stands_where_it_stood(engine, transcript, place):
    passage = transcript.segments[place]
    found = with_times(transcript, passage, aligned(engine, passage, passage.text))
    assert difference(passage, found.segments[place]) < 0.2


def test_after_a_correction_the_other_words_stay_and_the_new_ones_lie_between(engine, transcript):
    passage = transcript.segments[0]
    corrected = replace(passage, text=passage.text.replace("long, long time", "very long while"))
    heard = aligned(engine, passage, corrected.text)
    words = {word.text: word for word in heard.words}
    before = {word.text: word for word in passage.words}
    for kept in ("like", "ago."):
        assert words[kept].start == pytest.approx(before[kept].start, abs=0.2)
    assert before["that"].end - 0.2 < words["very"].start < words["while"].end
    assert words["while"].end < before["ago."].start + 0.2


def test_traditional_characters_are_found_as_their_simplified_ones(engine, transcript):
    passage = transcript.segments[-1]
    assert passage.language == "zh"
    traditional = in_script(passage.text, "traditional")
    assert traditional != passage.text
    assert difference(passage, aligned(engine, passage, traditional)) < 0.2


def test_what_cannot_be_said_has_no_times(engine, transcript):
    passage = transcript.segments[0]
    assert aligned(engine, passage, "  ") is None
    assert aligned(engine, passage, "word " * 500) is None
    assert aligned(engine, replace(passage, language="xx"), "word") is None


def test_the_speed_is_told_by_a_moments_work(engine):
    speed = engine.speed(Settings())
    assert 0 < speed.encoding < 60
    assert 0 < speed.step < 60
    factors = [speed.real_time_factor(mode) for mode in ("ctc", "rescore", "joint")]
    assert factors == sorted(factors)
