"""sherpa-onnx's own code runs made-up graphs: they prove the path, not what it recognizes."""

from __future__ import annotations

import sys
from itertools import pairwise

import equal_parts
import pytest
import tiny_sherpa
from voice import voice

from asr_core.audio.segment import Window
from asr_core.engines import load_engine, models, searches
from asr_core.engines.sherpa import engine as sherpa_engine
from asr_core.errors import AsrError, ModelError
from asr_core.settings import Settings


@pytest.fixture(autouse=True)
def no_bundled(monkeypatch):
    """Whoever asks for times of words without having any is answered with equal parts."""

    def alignment(settings):
        def align(window, text, language):
            asked.append((text, language))
            return equal_parts.align(window, text, language)

        return align

    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(sherpa_engine, "bundled_alignment", alignment)
    return asked


def loaded(folder, **settings):
    return load_engine(Settings(engine=str(folder), **settings))


def read(engine, window, **settings):
    *drafts, found = engine.recognize([window], Settings(**settings))
    assert not any(draft.segments for draft in drafts)
    assert found.end == window.end
    return found.segments


def words_of(segments):
    return [word for segment in segments for word in segment.words]


@pytest.mark.parametrize("family", ["sense_voice", "wenet"])
def test_ctc_models_say_when_they_heard_each_word(tmp_path, window, family, no_bundled):
    folder = getattr(tiny_sherpa, f"write_{family}")(tmp_path / "tiny")
    engine = loaded(folder)
    words = words_of(read(engine, window))
    assert {word.text for word in words} == {"hello", "world"}
    assert len(words) >= 12
    assert all(a.end <= b.start + 1e-6 for a, b in pairwise(words))
    assert not [word for word in words if 13.2 < word.start < 13.8]  # nothing was said there
    assert words[0].start == pytest.approx(10.0, abs=0.1)
    assert words[-1].end == pytest.approx(16.0, abs=0.3)
    assert not no_bundled  # it was not asked
    assert "word times" not in engine.stats()["lacks"]


def test_sense_voice_is_told_the_language_and_says_which_it_heard(tmp_path, window):
    engine = loaded(tiny_sherpa.write_sense_voice(tmp_path / "tiny"))
    assert {s.language for s in read(engine, window)} == {"en"}
    assert {s.language for s in read(engine, window, language="zh")} == {"zh"}
    with pytest.raises(AsrError, match="does not know the language 'fr', only en, ja, ko"):
        read(engine, window, language="fr")


def test_qwen_writes_the_language_it_hears_or_the_one_it_is_told(tmp_path, window, no_bundled):
    engine = loaded(tiny_sherpa.write_qwen(tmp_path / "tiny"))
    (heard,) = read(engine, window)
    assert (heard.text, heard.language) == ("Hello world", "en")
    assert no_bundled == [("Hello world", "en")]  # which is asked for the times
    assert [word.start for word in heard.words] == [10.0, 13.0 + 1.0]  # cut to the speech
    (told,) = read(engine, window, language="zh")
    assert (told.text, told.language) == ("你好", "zh")
    assert engine.stats()["precision"] == "int8"
    assert engine.stats()["lacks"] == ["word times", "streaming", "confidence"]


def test_of_a_model_that_goes_round_in_circles_no_rubbish_is_left(tmp_path):
    """The library notices long ones itself, and then leaves the words that name the language."""
    engine = loaded(
        tiny_sherpa.write_qwen(tmp_path / "tiny", {**tiny_sherpa.FREE, "Hello": "!", "!": "!"})
    )
    found = read(engine, Window(0.0, voice(12.0), ((0.0, 12.0),)))
    assert {segment.text for segment in found} <= {"Hello!"}
    assert engine.stats()["read_in_halves"] == 1


def test_what_was_cut_off_is_read_in_halves(tmp_path):
    """The made-up decoder goes through its letters for ever, so that the halves are cut, too."""
    letters = tiny_sherpa.LETTERS
    behind = dict(zip(letters, [*letters[1:], letters[0]], strict=True))
    engine = loaded(
        tiny_sherpa.write_qwen(tmp_path / "tiny", {**tiny_sherpa.FREE, **behind, "Hello": "A"})
    )
    window = Window(0.0, voice(12.0), ((0.0, 12.0),))
    found = read(engine, window)
    assert engine.stats()["read_in_halves"] == 1
    text = "".join(segment.text for segment in found)
    assert text.count("Hello") >= 2
    assert words_of(found)[-1].end > 11.0


def test_terms_are_told_to_a_model_that_takes_them_and_an_echo_is_read_without(
    tmp_path, window, monkeypatch
):
    engine = loaded(tiny_sherpa.write_qwen(tmp_path / "tiny"))
    asked = []
    inner = engine._reader.said
    monkeypatch.setattr(
        engine._reader, "said", lambda *given: asked.append(given[2]) or inner(*given)
    )
    read(engine, window, vocabulary=("Sottovoce", "Conformer"))
    assert asked == [["Sottovoce", "Conformer"]]
    read(engine, window, vocabulary=("Hello", "world"))
    assert asked[1:] == [["Hello", "world"], ()]
    assert engine.stats()["read_without_terms"] == 1


def test_a_long_window_is_read_in_pieces_that_fit_the_model(tmp_path):
    engine = loaded(tiny_sherpa.write_qwen(tmp_path / "tiny"))
    window = Window(5.0, voice(28.0), ((5.0, 33.0),))
    pieces = [said.window for said in engine.read(window, None, ())]
    assert len(pieces) > 1
    assert all(piece.duration <= 18.0 for piece in pieces)
    assert all(a.end <= b.start for a, b in pairwise(pieces))
    assert sum(piece.duration for piece in pieces) == pytest.approx(28.0, abs=1.0)


def test_a_damaged_graph_and_a_missing_package_are_said_in_a_sentence(tmp_path, monkeypatch):
    folder = tiny_sherpa.write_wenet(tmp_path / "tiny")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "sherpa_onnx", None)
        with pytest.raises(AsrError, match=r"needs the package sherpa-onnx.*`hybrid`"):
            loaded(folder)
    (folder / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match=r"The graph model\.onnx of the model 'tiny' cannot"):
        loaded(folder)
    folder = tiny_sherpa.write_qwen(tmp_path / "qwen")
    (folder / "decoder.int8.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match="sherpa-onnx cannot load the model 'qwen'"):
        loaded(folder)


def test_it_says_what_it_cannot_do(tmp_path, window):
    engine = loaded(tiny_sherpa.write_wenet(tmp_path / "tiny"), device="cuda")
    assert engine.stats()["lacks"] == ["language hint", "terms", "streaming", "confidence"]
    assert any("none is marked" in note for note in engine.stats()["notes"])
    assert any("not by cuda" in note for note in engine.stats()["notes"])
    assert engine.speed(Settings()).real_time_factor("joint") > 0
    assert not searches(str(tmp_path / "tiny"))
    assert engine.decode(Settings()) == "greedy"


def test_an_installed_one_is_offered(tmp_path, monkeypatch):
    from shelf import shelve

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shelve("tiny", {"model.onnx": "graph", "tokens.txt": "a 0"})
    assert models()[1:] == ["tiny"]
