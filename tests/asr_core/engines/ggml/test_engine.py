"""transcribe-cpp's own code runs a made-up file: it proves the path, not what it recognizes."""

from __future__ import annotations

import json
import os
import sys
from itertools import pairwise

import equal_parts
import numpy as np
import pytest
import tiny_gguf
from voice import conversation, voice

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.segment import Window
from asr_core.cli import main
from asr_core.engines import load_engine, models, searches
from asr_core.engines.ggml import engine as ggml_engine
from asr_core.engines.ggml import vulkan
from asr_core.errors import AsrError, ModelError
from asr_core.settings import Settings


@pytest.fixture(autouse=True)
def no_bundled(monkeypatch):
    """Whoever asks for times of words is answered with equal parts."""

    def alignment(settings):
        def align(window, text, language):
            asked.append((text, language))
            return equal_parts.align(window, text, language)

        return align

    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(ggml_engine, "bundled_alignment", alignment)
    return asked


@pytest.fixture(autouse=True)
def no_card(monkeypatch):
    """The same everywhere, whatever cards this computer has."""
    monkeypatch.setenv("TRANSCRIBE_BACKEND", "cpu")
    monkeypatch.setattr(vulkan, "makers", set)


@pytest.fixture
def loaded(tmp_path):
    def load(behind=tiny_gguf.FREE, languages=("zh", "en"), **settings):
        file = tiny_gguf.write_qwen(tmp_path / "tiny" / "model.gguf", behind, languages)
        return load_engine(Settings(engine=str(file.parent), **settings))

    return load


def read(engine, window, **settings):
    *drafts, found = engine.recognize([window], Settings(**settings))
    assert found.end == window.end
    assert not any(draft.segments for draft in drafts)
    return found.segments


def test_it_says_which_language_it_heard_and_the_words_get_their_times(loaded, window, no_bundled):
    engine = loaded()
    (heard,) = read(engine, window)
    assert (heard.text, heard.language) == ("Hello world", "en")
    assert no_bundled == [("Hello world", "en")]
    assert [word.start for word in heard.words] == [10.0, 14.0]  # cut to the speech
    assert engine.stats()["device"] == "cpu"
    assert engine.stats()["precision"] == "Q8_0"
    assert engine.stats()["loader"] == "qwen3-asr-0.6b"
    assert engine.stats()["lacks"] == ["word times", "streaming", "confidence"]


def test_it_writes_the_language_it_is_told(loaded, window):
    """The prompt then goes on to the text, which the answer holds alone."""
    engine = loaded()
    asked = []
    inner = engine._reader._session.run
    engine._reader._session.run = lambda *given, **more: asked.append(more) or inner(*given, **more)
    (told,) = read(engine, window, language="zh")
    assert told.language == "zh"
    assert asked == [{"language": "zh"}]
    with pytest.raises(AsrError, match="does not know the language 'fr', only en, zh"):
        read(engine, window, language="fr")


def test_a_file_without_languages_cannot_be_told_and_says_so(loaded, window):
    engine = loaded(languages=())
    assert engine.stats()["lacks"][0] == "language hint"
    (heard,) = read(engine, window, language="fr")
    assert heard.language == "en"


def test_text_comes_piece_by_piece_and_there_a_run_can_be_stopped(loaded):
    engine = loaded()
    window = Window(5.0, voice(28.0), ((5.0, 33.0),))
    *drafts, found = engine.recognize([window], Settings())
    texts = [draft.draft for draft in drafts]
    assert len(texts) > 1
    assert all(later.startswith(sooner) for sooner, later in pairwise(texts))
    assert " ".join(segment.text for segment in found.segments).split() == texts[-1].split()

    n_read = []
    inner = engine._reader.said
    engine._reader.said = lambda *given: n_read.append(1) or inner(*given)
    running = engine.recognize([window], Settings())
    next(running)
    running.close()
    assert len(n_read) == 1


def test_pieces_are_short_enough_for_what_may_be_written(loaded):
    engine = loaded()
    window = Window(5.0, voice(28.0), ((5.0, 33.0),))
    pieces = [said.window for said in engine.read(window, None, ())]
    assert all(piece.duration <= 18.0 for piece in pieces)
    assert sum(piece.duration for piece in pieces) == pytest.approx(28.0, abs=1.0)


def test_an_open_window_is_drafted_and_the_shown_does_not_shrink(loaded, window):
    engine = loaded()
    longer = Window(10.0, voice(28.0), ((10.0, 38.0),))
    as_open = Window(longer.start, longer.waveform, longer.spans, is_open=True)
    drafted, *drafts, found = engine.recognize([as_open, longer], Settings())
    assert (drafted.end, drafted.segments) == (10.0, ())
    assert {draft.draft for draft in drafts} == {drafted.draft}
    assert found.segments
    silent = Window(10.0, longer.waveform, (), is_open=True)
    assert [*engine.recognize([silent], Settings())] == []


def test_what_was_cut_off_is_read_in_halves(loaded):
    """The made-up decoder goes through its letters for ever, so that the halves are cut, too."""
    engine = loaded(tiny_gguf.ENDLESS)
    found = read(engine, Window(0.0, voice(12.0), ((0.0, 12.0),)))
    assert engine.stats()["read_in_halves"] == 1
    assert "".join(segment.text for segment in found).count("Hello") >= 2
    assert "read_by_processor" not in engine.stats()  # it is the processor


def test_what_goes_round_in_circles_on_a_card_is_read_by_the_processor(loaded, tmp_path, window):
    """There is no card here: the processor is given another file, which says something sane."""
    engine = loaded(tiny_gguf.BANGS)
    engine._reader._device = "vulkan"
    engine._reader._file = tiny_gguf.write_qwen(tmp_path / "sane.gguf")
    (heard,) = read(engine, window)
    assert heard.text == "Hello world"
    told = engine.stats()
    assert told["read_by_processor"] == 1
    assert "read_in_halves" not in told
    assert any("went round in circles 1 times" in note for note in told["notes"])


def test_what_fails_on_a_card_is_read_by_the_processor(loaded, tmp_path, window):
    import transcribe_cpp

    def lose(*given, **asked):
        raise transcribe_cpp.BackendError("the card is gone")

    engine = loaded()
    engine._reader._device = "vulkan"
    engine._reader._session.run = lose
    (heard,) = read(engine, window)
    assert heard.text == "Hello world"
    assert engine.stats()["read_by_processor"] == 1


@pytest.mark.parametrize(
    ("behind", "left"), [(tiny_gguf.BANGS, {"!"}), (tiny_gguf.BANGS_THAT_END, {"Hello!"})]
)
def test_of_one_sign_said_for_ever_one_is_left(loaded, window, behind, left):
    """The library itself stops behind the 64th; what comes to an end before is noticed here."""
    engine = loaded(behind)
    assert {segment.text for segment in read(engine, window)} == left
    assert not engine._reader.said(window, None, ()).is_whole


def test_terms_are_told_and_an_echo_is_read_without(loaded, window):
    engine = loaded()
    asked = []
    inner = engine._reader._session.run
    engine._reader._session.run = lambda *given, **more: asked.append(more) or inner(*given, **more)
    read(engine, window, vocabulary=("Sottovoce", "<asr_text>Conformer"))
    assert asked == [{"vocabulary": ["Sottovoce", "Conformer"]}]
    read(engine, window, vocabulary=("Hello", "world"))
    assert asked[1:] == [{"vocabulary": ["Hello", "world"]}, {}]
    assert engine.stats()["read_without_terms"] == 1


def test_what_the_library_refuses_is_said_in_a_sentence(loaded):
    engine = loaded()
    with pytest.raises(AsrError, match=r"^tiny could not read a piece of the sound \(Inv.*Close"):
        read(engine, Window(0.0, np.zeros(100, np.float32), ((0.0, 100 / SAMPLE_RATE),)))


def test_a_damaged_file_and_a_missing_package_are_said_in_a_sentence(loaded, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "transcribe_cpp", None)
        with pytest.raises(AsrError, match=r"needs the package transcribe-cpp.*`ggml`"):
            loaded()
    file = tmp_path / "tiny" / "model.gguf"
    file.write_bytes(file.read_bytes()[:-5000])
    with pytest.raises(ModelError, match=r"transcribe-cpp cannot load the model 'tiny' \(Model"):
        load_engine(Settings(engine=str(tmp_path / "tiny")))


def test_a_library_that_does_not_start_is_said_in_a_sentence(loaded, monkeypatch):
    class Broken:
        def find_spec(self, name, *others):
            if name == "transcribe_cpp":
                raise RuntimeError("no usable compute backend")

    monkeypatch.delitem(sys.modules, "transcribe_cpp", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(AsrError, match=r"does not start on this computer \(RuntimeError\)"):
        loaded()


@pytest.mark.parametrize(("maker", "expected"), [(vulkan.INTEL, "1"), (0x10DE, None)])
def test_the_environment_is_set_before_the_library_is_loaded(loaded, monkeypatch, maker, expected):
    """Float16 is off where a card is Intel's, a crash starts no debugger, nothing is written."""
    found = []

    class Watch:
        def find_spec(self, name, *others):
            if name == "transcribe_cpp":
                found.append([os.environ.get(name) for name in names])
                raise ImportError(name)

    names = ("GGML_VK_DISABLE_F16", "GGML_NO_BACKTRACE", "TRANSCRIBE_DUMP_DIR")
    for name in names:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRANSCRIBE_DUMP_DIR", "somewhere")
    monkeypatch.setattr(vulkan, "makers", lambda: {maker})
    monkeypatch.delitem(sys.modules, "transcribe_cpp", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Watch(), *sys.meta_path])
    with pytest.raises(AsrError, match="needs the package"):
        loaded()
    assert found == [[expected, "1", None]]


def test_devices_that_are_not_there_are_named_with_what_to_do(loaded, monkeypatch):
    import transcribe_cpp

    monkeypatch.setattr(transcribe_cpp, "backend_available", lambda name: name in ("auto", "cpu"))
    with pytest.raises(AsrError, match=r"There is no Vulkan driver.*Install the driver"):
        loaded(device="vulkan")
    assert any(
        "runs on cpu, not on cuda" in note for note in loaded(device="cuda").stats()["notes"]
    )
    plain = [note for note in loaded(device="cpu").stats()["notes"] if "not sure" not in note]
    assert plain == ["tiny does not say how sure it is of its words: none is marked."]
    monkeypatch.setattr(sys, "platform", "linux")
    assert any("install its driver" in note for note in loaded().stats()["notes"])


def test_it_tells_its_speed_and_that_ways_to_search_mean_nothing(loaded, tmp_path):
    engine = loaded()
    assert engine.speed(Settings()).real_time_factor("joint") > 0
    assert engine.decode(Settings()) == "greedy"
    assert not searches(str(tmp_path / "tiny"))
    assert not searches(str(tmp_path / "tiny" / "model.gguf"))


def test_the_command_line_runs_the_file_itself(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("asr_core.settings.settings_file", lambda: tmp_path / "settings.json")
    file = tiny_gguf.write_qwen(tmp_path / "Qwen3-ASR-0.6B-Q8_0.gguf")
    (tmp_path / "talk.wav").write_bytes(conversation(1))
    asked = ["transcribe", str(tmp_path / "talk.wav"), "--model", str(file), "--format", "json"]
    assert main(asked) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["engine"] == "Qwen3-ASR-0.6B-Q8_0.gguf"
    assert document["segments"][0]["text"] == "Hello world"


def test_an_installed_one_is_offered(tmp_path, monkeypatch):
    from shelf import shelve

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shelve("tiny", {"model.gguf": "GGUF"})
    assert models()[1:] == ["tiny"]
