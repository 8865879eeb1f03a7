"""The bundled engine hears real words, in the language they were said in."""

from dataclasses import replace
from itertools import count, pairwise

import numpy as np
import pytest
import soundfile

from asr_core.audio.decode import SAMPLE_RATE, open_recording
from asr_core.audio.segment import Window, speech_windows
from asr_core.engines import load_engine
from asr_core.errors import AsrError, ModelError
from asr_core.settings import Settings
from asr_core.transcribe import transcribe

DEFAULTS = Settings()


def heard(engine, path, settings=DEFAULTS, report=lambda progress: None):
    with open_recording(path, path.name) as recording:
        return transcribe(recording, engine, settings, report)


@pytest.fixture(scope="module")
def turns(engine, shared_folder):
    return heard(engine, shared_folder / "eval/audio/turns-05.flac")


def test_a_change_of_language_is_heard_on_both_sides(turns):
    assert "汽车" in turns.text
    assert "end of the rainbow" in turns.text
    assert (turns.segments[0].language, turns.segments[-1].language) == ("zh", "en")
    assert turns.language.label == "mixed"


def test_words_follow_each_other_within_the_recording(turns):
    words = [word for segment in turns.segments for word in segment.words]
    assert len(words) > 30
    assert all(0 <= word.start <= word.end <= turns.duration for word in words)
    assert all(a.end <= b.start for a, b in pairwise(words))
    assert all(0 < word.confidence <= 1 for word in words)


def test_words_stand_where_they_were_said(turns):
    """The pause between the speakers lies between 4.0 and 4.9 s of this recording."""
    chinese = [w for s in turns.segments if s.language == "zh" for w in s.words]
    english = [w for s in turns.segments if s.language == "en" for w in s.words]
    assert chinese[-1].end < english[0].start
    rainbow = next(w for w in english if w.text.startswith("rainbow"))
    assert rainbow.end == pytest.approx(turns.duration, abs=1.0)


def test_a_forced_language_is_not_asked_for_again(engine, shared_folder):
    path = shared_folder / "eval/audio/jfk.flac"
    found = heard(engine, path, Settings(language="en", beam_size=1))
    assert {segment.language for segment in found.segments} == {"en"}
    assert "not what your country can do for you" in " ".join(found.text.split())


def test_ctc_alone_hears_where_words_begin(engine, shared_folder):
    found = heard(engine, shared_folder / "eval/audio/turns-05.flac", Settings(decode="ctc"))
    assert "looking for the" in found.text
    assert "at the end of the" in found.text


def test_draft_decoding_says_what_greedy_attention_says(engine, shared_folder):
    path = shared_folder / "eval/audio/jfk.flac"
    found = {
        mode: heard(engine, path, Settings(decode=mode, beam_size=1))
        for mode in ("attention", "joint", "draft")
    }
    assert len({transcript.text for transcript in found.values()}) == 1
    n_passes = {mode: transcript.stats["decoder_passes"] for mode, transcript in found.items()}
    assert n_passes["draft"] <= n_passes["attention"] / 3


def test_windows_together_give_what_each_gives_alone(engine, shared_folder):
    paths = [shared_folder / f"eval/audio/{name}.flac" for name in ("jfk", "turns-05")]
    windows = []
    for path in paths:
        with open_recording(path, path.name) as recording:
            windows += speech_windows(recording)
    settings = Settings(language="en", beam_size=2)
    alone = [next(iter(engine.recognize([window], settings))) for window in windows]
    # The first window goes alone, so a second pass in front puts both into one batch.
    together = list(engine.recognize([windows[0], *windows], settings))[1:]
    assert [[s.text for s in found.segments] for found in together] == [
        [s.text for s in found.segments] for found in alone
    ]


def test_live_sound_ends_as_the_text_of_the_recording_and_is_drafted_on_the_way(
    engine, shared_folder, monkeypatch
):
    path = shared_folder / "eval/audio/turns-05.flac"
    settings = Settings(beam_size=1)
    reports, seconds = [], count(1)
    monkeypatch.setattr("asr_core.audio.live.monotonic", lambda: 0.0)  # never tired
    with open_recording(path, path.name) as recording:
        recording.is_behind = lambda: next(seconds) % 4 != 0
        live = transcribe(recording, engine, settings, reports.append)
    whole = heard(engine, path, settings)
    assert [(s.start, s.language, s.text) for s in live.segments] == [
        (s.start, s.language, s.text) for s in whole.segments
    ]
    drafts = [report.draft for report in reports if report.draft]
    assert len(set(drafts[-1].split()) & set(live.segments[-1].text.split())) >= 3
    assert not any(report.segments for report in reports if report.draft)


@pytest.mark.parametrize("mode", ["ctc", "rescore"])
def test_ctc_says_so_when_it_has_not_learned_the_language(engine, mode):
    window = Window(0.0, np.zeros(SAMPLE_RATE, np.float32), ((0.0, 1.0),))
    with pytest.raises(AsrError, match="has not learned the language"):
        list(engine.recognize([window], Settings(decode=mode, language="ja")))


def test_silence_has_no_words(engine, tmp_path):
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(30 * SAMPLE_RATE, np.float32), SAMPLE_RATE)
    found = heard(engine, path)
    assert (found.text, found.language.label, found.duration) == ("", "none", 30.0)


def test_progress_comes_with_the_text(engine, shared_folder):
    reports = []
    found = heard(
        engine, shared_folder / "eval/audio/jfk.flac", Settings(beam_size=1), reports.append
    )
    assert sum((report.segments for report in reports), ()) == found.segments
    assert reports[-1].position <= found.duration == pytest.approx(11.0, abs=0.1)
    assert found.stats["encoded_seconds"] > 0
    assert found.stats["device"] == "cpu"


def test_an_unknown_language_or_engine_is_named(engine):
    window = Window(0.0, np.zeros(SAMPLE_RATE, np.float32), ((0.0, 1.0),))
    with pytest.raises(AsrError, match="'tlh'"):
        list(engine.recognize([window], Settings(language="tlh")))
    with pytest.raises(ModelError, match="'whisper-9'"):
        load_engine(replace(Settings(), engine="whisper-9"))
