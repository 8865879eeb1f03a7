"""A forced aligner in a GGUF file: crispasr's own code runs a made-up one, which hears nothing."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import equal_parts
import numpy as np
import pytest
import tiny_aligner
import tiny_gguf
from tiny_qwen3 import ENGLISH, PLAIN, write_model

from asr_core.audio.segment import Window
from asr_core.engines import load_engine, models
from asr_core.engines.ggml import engine as ggml_engine
from asr_core.engines.ggml.aligner import GgufAligner, Piece, gguf_aligner, whole_words
from asr_core.engines.ggml.file import aligner_files, gguf_files
from asr_core.engines.qwen3_asr.folder import load_folder
from asr_core.engines.qwen3_asr.placing import Placement
from asr_core.engines.qwen3_asr.timing import ForcedAligner
from asr_core.errors import AsrError, ModelError
from asr_core.settings import Settings
from asr_core.text.tokenizer import words_of

NAME = "qwen3-forced-aligner-0.6b-q8_0.gguf"
INSTEAD = "The bundled model tells when words were said instead."


@pytest.fixture
def crispasr():
    return pytest.importorskip("crispasr", reason="the extra `aligner` is not installed (54 MB)")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """What the library is told, taken back afterwards."""
    for name in ("CRISPASR_ALIGN_NO_ROMANIZE", "GGML_NO_BACKTRACE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("TRANSCRIBE_BACKEND", "cpu")
    monkeypatch.setattr(
        ggml_engine, "bundled_alignment", lambda settings: equal_parts.align
    )  # whoever asks is answered with equal parts


@pytest.fixture(scope="session")
def file(tmp_path_factory):
    return tiny_aligner.write_aligner(tmp_path_factory.mktemp("models") / "aligner" / NAME)


@pytest.fixture
def recognizer(tmp_path):
    """A GGUF file that says "Hello world", in a folder of its own."""
    return tiny_gguf.write_qwen(tmp_path / "models" / "tiny" / "model.gguf")


def lay_beside(folder, file):
    """The aligner in a folder beside this one."""
    beside = folder.with_name("aligner")
    beside.mkdir()
    (beside / NAME).hardlink_to(file)


def late(seconds, spans):
    return [pytest.approx((seconds + start, seconds + end)) for start, end in spans]


@pytest.mark.parametrize(
    ("words", "language", "heard"),
    [
        (["你", "好", ",", "Bob's", "e-mail", "—", "ok."], "zh", "你 好 Bob's email ok"),
        (["Да,", "нет"], "ru", "Да нет"),
        (["naïve", "café"], "fr", "naïve café"),
    ],
)
def test_the_times_are_those_of_the_library(crispasr, file, window, words, language, heard):
    """To the token: words as they stand, Russian too, without spaces, two marks behind each."""
    found = GgufAligner(file).times(window, words, language)
    assert [span for span in found if span] == late(10.0, tiny_aligner.counted(heard.split()))
    silent = [i for i, word in enumerate(words) if not any(map(str.isalnum, word))]
    assert [i for i, span in enumerate(found) if span is None] == silent


@pytest.mark.parametrize(
    ("text", "language"),
    [("This is one longer line of words", "en"), ("今天天气很好我们去公园", "zh")],
)
def test_the_same_random_weights_tell_the_same_times_as_in_transformers(
    crispasr, tmp_path, text, language
):
    """The sound counts, too. Times out of order would be mended by crispasr in whole steps."""
    tiny_aligner.write_both(tmp_path / "folder", tmp_path / NAME)
    theirs = ForcedAligner(*load_folder(tmp_path / "folder", Placement(PLAIN)))
    ours = GgufAligner(tmp_path / NAME)
    samples = np.arange(48_000)
    noise = 0.3 * np.random.default_rng(30).standard_normal(len(samples))
    heard = []
    for sound in (noise, 0.3 * np.sin(samples * 0.2), noise * (samples // 4000 % 2)):
        window = Window(4.0, sound.astype(np.float32), ((4.0, 7.0),))
        heard.append(theirs.times(window, words_of(text), language))
        assert ours.times(window, words_of(text), language) == late(0.0, heard[-1])
    assert len({tuple(times) for times in heard}) > 1


def test_a_word_that_the_library_times_by_signs_is_one_word(crispasr, file, window):
    found = GgufAligner(file).times(window, ["안녕", "ok"], "ko")
    first, second, third = tiny_aligner.counted(["안", "녕", "ok"])
    assert found == late(10.0, [(first[0], second[1]), third])


@pytest.mark.parametrize(("words", "language"), [(["a"], "vi"), (["—"], "en"), ([], "en")])
def test_what_it_does_not_know_is_left_to_others(crispasr, file, window, words, language):
    assert GgufAligner(file).times(window, words, language) is None


def test_sound_that_the_library_would_cut_is_left_to_others(crispasr, file):
    long = Window(0.0, np.zeros(16_000 * 121, np.float32), ((0.0, 121.0),))
    assert GgufAligner(file).times(long, ["a"], "en") is None


def test_pieces_are_put_together_to_words():
    pieces = [Piece("안", 0.1, 0.2), Piece("녕", 0.2, 0.4), Piece("ok", 0.5, 0.6)]
    assert whole_words(["안녕", "ok"], pieces) == [(0.1, 0.4), (0.5, 0.6)]
    assert whole_words(["안녕"], pieces) is None  # one too many
    assert whole_words(["안녕", "ok", "so"], pieces) is None
    assert whole_words(["안", "녕ok"], pieces[:2]) is None
    assert whole_words(["안ok"], pieces) is None
    assert whole_words(["ok"], []) is None


def test_an_engine_without_times_of_words_asks_the_one_beside_it(
    crispasr, file, recognizer, window
):
    """Both libraries bring a ggml of their own, in one process."""
    lay_beside(recognizer.parent, file)
    engine = load_engine(Settings(engine=str(recognizer.parent)))
    *_, found = engine.recognize([window], Settings())
    (segment,) = found.segments
    assert segment.text == "Hello world"
    times = [(word.start, word.end) for word in segment.words]
    assert times == late(10.0, tiny_aligner.counted(["Hello", "world"]))
    assert INSTEAD not in engine.stats()["notes"]


def test_a_qwen3_asr_without_another_aligner_asks_it_too(crispasr, file, tmp_path, window):
    folder = tmp_path / "models" / "model"
    write_model(folder, "hf", ENGLISH)
    lay_beside(folder, file)
    engine = load_engine(replace(PLAIN, engine=str(folder)))
    *_, found = engine.recognize([window], Settings())
    words = [word for segment in found.segments for word in segment.words]
    assert [word.text for word in words] == ["Hello", "world.", "Good", "morning!"]
    heard = tiny_aligner.counted(["Hello", "world", "Good", "morning"])
    assert [(word.start, word.end) for word in words] == late(10.0, heard)
    assert engine.stats()["notes"] == []


def test_two_libraries_that_bring_a_ggml_dll_are_kept_apart_on_windows(
    file, recognizer, monkeypatch
):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "transcribe_cpp", sys)
    with pytest.raises(AsrError, match=r"^On Windows the forced aligner 'qwen3.*of its own\. St"):
        GgufAligner(file)
    monkeypatch.setitem(sys.modules, "crispasr", sys)
    with pytest.raises(AsrError, match=r"^On Windows the model 'tiny' cannot be loaded where"):
        load_engine(Settings(engine=str(recognizer.parent)))


def test_a_library_that_does_not_start_is_said_in_a_sentence(file, monkeypatch):
    class Broken:
        @staticmethod
        def c_api_version():
            raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setitem(sys.modules, "crispasr", Broken)
    with pytest.raises(AsrError, match=r"^crispasr does not start on this computer \(OSError\)"):
        GgufAligner(file)


def test_what_it_keeps_goes_with_it(crispasr, file, monkeypatch):
    given_up = []
    monkeypatch.setattr(crispasr, "free_aligner_cache", lambda: given_up.append(1))
    aligner = GgufAligner(file)
    assert not given_up
    del aligner
    assert given_up == [1]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ({"general__architecture": "qwen3-asr"}, r"says it is 'qwen3-asr'.*made for CrispASR"),
        ({"output__weight": np.zeros((10_001, 16), np.float32)}, r"crispasr cannot time words"),
    ],
    ids=["another program's", "a recognizer"],
)
def test_another_kind_of_model_is_said_and_the_bundled_one_tells_the_times(
    crispasr, recognizer, window, written, reason
):
    tiny_aligner.write_aligner(recognizer.with_name(NAME), **written)
    engine = load_engine(Settings(engine=str(recognizer.parent)))
    *_, found = engine.recognize([window], Settings())
    assert [word.start for segment in found.segments for word in segment.words] == [10.0, 14.0]
    *_, why, instead = engine.stats()["notes"]
    assert instead == INSTEAD
    with pytest.raises(ModelError, match=reason) as raised:
        gguf_aligner(recognizer.parent)
    assert str(raised.value) == why


def test_without_the_package_the_bundled_model_tells_the_times(
    file, recognizer, window, monkeypatch
):
    lay_beside(recognizer.parent, file)
    monkeypatch.setitem(sys.modules, "crispasr", None)
    engine = load_engine(Settings(engine=str(recognizer.parent)))
    *_, found = engine.recognize([window], Settings())
    assert [word.start for segment in found.segments for word in segment.words] == [10.0, 14.0]
    *_, why, instead = engine.stats()["notes"]
    assert why == (
        f"The forced aligner {NAME!r} needs the package crispasr, which is not installed. The "
        "extra `aligner` brings it: pip install -e .[aligner]"
    )
    assert instead == INSTEAD


def test_the_library_finds_no_place_to_write_what_it_hears(file, monkeypatch):
    found = {}

    class Watch:
        def find_spec(self, name, *others):
            if name == "crispasr":
                found.update(os.environ)
                raise ImportError(name)

    monkeypatch.setenv("CRISP_AUDIO_DUMP_STAGES", "somewhere")
    monkeypatch.setenv("CRISPASR_LIB_PATH", "another library")
    monkeypatch.delitem(sys.modules, "crispasr", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Watch(), *sys.meta_path])
    with pytest.raises(AsrError, match="needs the package crispasr"):
        GgufAligner(file)
    settings = {name: value for name, value in found.items() if name.startswith("CRISP")}
    assert settings == {"CRISPASR_ALIGN_NO_ROMANIZE": "1"}
    assert found["GGML_NO_BACKTRACE"] == "1"


def test_an_aligner_is_told_by_its_name_and_is_no_recognizer(tmp_path, monkeypatch):
    from shelf import shelve

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shelve("timing", {"Qwen3-ForcedAligner-0.6B-Q8_0.gguf": "GGUF"})
    shelve("reading", {"qwen3-fast-asr.gguf": "GGUF"})
    assert models()[1:] == ["reading"]
    folder = tmp_path / "sottovoce" / "models" / "timing"
    (aligner,) = aligner_files(folder)
    assert gguf_files(folder) == gguf_files(aligner) == []
    with pytest.raises(ModelError, match="is used when it lies beside"):
        load_engine(Settings(engine=str(aligner)))


def test_where_none_lies_there_is_none(tmp_path, recognizer):
    assert gguf_aligner(recognizer.parent.parent) is None
    assert gguf_aligner(tmp_path / "gone") is None
