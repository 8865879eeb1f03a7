"""The engine from windows to segments, on models with made-up weights: paths, no recognition."""

from dataclasses import replace

import pytest
from tiny_qwen3 import PLAIN, write_model

from asr_core.engines import load_engine
from asr_core.engines.qwen3_asr import engine as engine_module
from asr_core.errors import AsrError, ModelError
from asr_core.settings import Settings

SAID = "Hello world. Good morning!"


@pytest.fixture(scope="module")
def english(folders):
    return load_engine(replace(PLAIN, engine=str(folders / "aligned-hf" / "model")))


def saying(folder, *pieces):
    """An engine that says this, timed by a random aligner beside it."""
    write_model(folder / "model", "hf", pieces)
    write_model(folder / "aligner", "hf", aligner=True)
    return load_engine(replace(PLAIN, engine=str(folder / "model")))


def settled(engine, windows, **choices):
    """What is recognized, without the drafts that a slow computer has time for."""
    found = [r for r in engine.recognize(iter(windows), Settings(**choices)) if not r.draft]
    assert [r.end for r in found] == [window.end for window in windows]
    return found


def texts(engine, windows, **choices):
    found = settled(engine, windows, **choices)
    return [" ".join(segment.text for segment in r.segments) for r in found]


def languages(engine, windows, **choices):
    found = settled(engine, windows, **choices)
    return {segment.language for r in found for segment in r.segments}


def test_every_window_gets_its_text_language_and_words_in_time(english, windows):
    assert texts(english, windows) == [SAID] * 3
    for window, found in zip(windows, settled(english, windows), strict=True):
        (segment,) = found.segments
        assert segment.language == "en"
        assert [word.text for word in segment.words] == SAID.split()
        edges = [edge for word in segment.words for edge in (word.start, word.end)]
        assert edges == sorted(edges)
        assert window.start <= edges[0] <= edges[-1] <= window.end
        assert all(0.99 < word.confidence <= 1.0 for word in segment.words)
    assert english.stats()["precision"] == "float32"
    assert 0 < english.stats()["inter_token_s"] < 10
    assert english.decode(Settings(decode="ctc")) == "greedy"


def test_without_an_aligner_the_bundled_ctc_tells_the_times(folders, windows):
    engine = load_engine(replace(PLAIN, engine=str(folders / "english-original" / "model")))
    (found,) = settled(engine, windows[1:2])
    words = [word for segment in found.segments for word in segment.words]
    assert [word.text for word in words] == SAID.split()
    assert all(4.0 <= word.start < word.end <= 10.5 for word in words)
    assert found.segments[0].language == "en"


def test_bfloat16_says_the_same(folders, windows):
    settings = replace(PLAIN, precision="bfloat16", engine=str(folders / "aligned-hf" / "model"))
    engine = load_engine(settings)
    assert texts(engine, windows) == [SAID] * 3
    assert engine.stats()["precision"] == "bfloat16"


def test_a_language_that_was_chosen_is_the_one_that_is_written(english, windows):
    assert languages(english, windows[:1], language="zh") == {"zh"}
    assert languages(english, windows[:1], language="en") == {"en"}
    with pytest.raises(AsrError, match="does not know the language 'la'"):
        next(english.recognize(windows, Settings(language="la")))


def test_a_language_nobody_chose_is_read_again_as_the_likeliest_of_those(tmp_path, windows):
    engine = saying(tmp_path, "language", " French", "<asr_text>", "Bonjour", ".")
    assert texts(engine, windows[:1]) == ["Bonjour."]
    assert engine.stats()["other_languages"] == 1
    assert languages(engine, windows[:1]) <= {"zh", "en"}
    assert languages(engine, windows[:1], languages=("fr", "en")) == {"fr"}
    assert "other_languages" not in engine.stats()


def test_cantonese_is_what_somebody_who_chose_chinese_may_speak(tmp_path, windows):
    engine = saying(tmp_path, "language", " Cantonese", "<asr_text>", "你", "好", "。")
    assert languages(engine, windows[:1]) == {"yue"}
    assert languages(engine, windows[:1], languages=("en", "ja")) != {"yue"}


def test_each_segment_has_the_language_of_its_own_text(tmp_path, windows):
    engine = saying(tmp_path, "language", " Chinese", "<asr_text>", "Good", " morning", "!")
    assert languages(engine, windows[:1]) == {"en"}


def test_silence_has_no_text(tmp_path, windows):
    engine = saying(tmp_path, "language", " None", "<asr_text>")
    assert texts(engine, windows) == [""] * 3
    assert "other_languages" not in engine.stats()


def test_a_random_model_goes_the_whole_way(tmp_path, windows):
    engine = saying(tmp_path)
    texts(engine, windows[2:], vocabulary=("Ann", "周杰伦"))
    assert engine.stats()["tokens"] > 3
    assert 0 < engine.speed(Settings()).real_time_factor("joint") < 60


def test_a_loop_is_cut_and_read_once_more_without_the_terms(tmp_path, windows):
    engine = saying(tmp_path, "language", " English", "<asr_text>", "So", " ha", " hi", " ha")
    assert texts(engine, windows[:1]) == ["So ha hi"]
    assert engine.stats()["loops"] == 1
    assert texts(engine, windows[:1], vocabulary=("Ann",)) == ["So ha hi"]
    assert (engine.stats()["loops"], engine.stats()["read_without_terms"]) == (2, 1)


def test_listed_terms_are_told_and_their_echo_is_checked(english, windows, monkeypatch):
    asked = []
    ask = english._asked
    monkeypatch.setattr(english, "_asked", lambda w, q: asked.extend(q) or ask(w, q))
    terms = ("Hello world", "Good morning | good mourning", "Ann<asr_text>")
    assert texts(english, windows[:1], vocabulary=terms) == [SAID]
    told, untold = asked
    assert "system\nHello world, Good morning, Ann<|im_end|>\n" in told
    assert "system\n<|im_end|>\n" in untold
    assert english.stats()["read_without_terms"] == 1
    texts(english, windows[:1], vocabulary=("Zaphira",))
    assert "read_without_terms" not in english.stats()


def test_drafts_grow_until_the_text_is_settled(english, windows, monkeypatch):
    monkeypatch.setattr(engine_module, "_REDRAWN_S", 0.0)
    found = [*english.recognize(windows[:1], Settings())]
    drafts = [r.draft for r in found[:-1]]
    assert not any(r.segments for r in found[:-1])
    assert all(SAID.startswith(draft) for draft in drafts)
    assert drafts == sorted(drafts, key=len)
    assert (drafts[0], drafts[-1], found[-1].draft) == ("Hello", SAID, "")


def growing(window, n):
    """The window as it grows, and in the end as it is."""
    for i in range(1, n + 1):
        sound = window.waveform[: i * len(window.waveform) // n]
        end = window.start + len(sound) / 16_000
        yield replace(window, waveform=sound, spans=((window.start, end),), is_open=True)
    yield window


def test_live_drafts_go_on_from_what_is_kept_and_the_end_is_read_anew(
    english, windows, monkeypatch
):
    asked = []
    ask = english._asked
    monkeypatch.setattr(english, "_asked", lambda w, q: asked.extend(q) or ask(w, q))
    monkeypatch.setattr(engine_module, "_REDRAWN_S", 1e9)
    live = [*growing(windows[0], 4), *growing(windows[1], 3)]
    found = [*english.recognize(iter(live), Settings())]
    assert [r.draft for r in found] == [*[SAID] * 4, "", *[SAID] * 3, ""]
    assert [s.text for r in found for s in r.segments] == [SAID, SAID]
    begun = [question.rpartition("assistant\n")[2] for question in asked]
    kept = "language English<asr_text>Hello"  # without the last five tokens
    assert begun == ["", "", kept, kept, "", "", "", kept, ""]


def test_what_was_drafted_stays_until_its_text_is_settled(english, windows, monkeypatch):
    monkeypatch.setattr(engine_module, "_REDRAWN_S", 0.0)
    found = [*english.recognize(growing(windows[0], 2), Settings())]
    assert len(found) > 5
    assert {r.draft for r in found[:-1]} == {SAID}


def test_an_open_window_in_which_nothing_was_said_is_no_question(english, windows):
    silence = replace(windows[0], waveform=windows[0].waveform[:0], spans=(), is_open=True)
    found = [r for r in english.recognize([windows[0], silence], Settings()) if not r.draft]
    assert [r.end for r in found] == [windows[0].end]


def test_who_stops_listening_stops_the_model(english, windows, monkeypatch):
    monkeypatch.setattr(engine_module, "_REDRAWN_S", 0.0)
    passes = []
    english._placed.model.register_forward_hook(lambda *_: passes.append(1))
    running = english.recognize(windows[:1], Settings())
    next(running), next(running)
    running.close()
    assert len(passes) == 5  # of ten: the language, the mark, two words


def test_a_text_is_aligned_and_one_without_words_is_not(english, windows):
    found = english.align(windows[1], "Hello, 你好!", "zh")
    assert [word.text for word in found.words] == ["Hello,", "你", "好!"]
    assert found.text == "Hello, 你好!"
    assert 4.0 <= found.start <= found.end <= 10.5
    assert english.align(windows[1], "  ", "zh") is None


def test_an_aligner_is_no_recognizer(folders):
    with pytest.raises(ModelError, match="forced aligner is used when it lies beside a Qwen3-ASR"):
        load_engine(Settings(engine=str(folders / "aligned-hf" / "aligner")))
