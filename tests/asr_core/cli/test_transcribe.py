"""`sottovoce transcribe`, from arguments to files, with an engine that says how loud it is."""

import io
import json
import os
import sys

import light_engine
import pyperclip
import pytest
from voice import conversation

import asr_core.engines
from asr_core.cli import main
from asr_core.engines import Recognized
from asr_core.export.docx import text_of
from asr_core.result import Segment
from asr_core.settings import VERBATIM, Tidy


@pytest.fixture(scope="module")
def recording():
    return conversation(2)


@pytest.fixture
def loaded(monkeypatch, tmp_path):
    """The settings of every load; the engine is the light one, nothing is saved for real."""
    given = []

    def load(settings):
        given.append(settings)
        return light_engine.LightEngine(settings.engine)

    monkeypatch.setattr(asr_core.engines, "load_engine", load)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("asr_core.settings.settings_file", lambda: tmp_path / "settings.json")
    return given


@pytest.fixture
def folder(tmp_path, recording, loaded):
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "talk.wav").write_bytes(recording)
    return folder


def transcribe(*arguments):
    return main(["transcribe", *map(str, arguments)])


def test_text_goes_to_stdout_and_all_else_to_stderr(folder, capsys):
    assert transcribe(folder / "talk.wav") == 0
    out, err = capsys.readouterr()
    assert out.count("loudness 0.5") == 2
    assert out.count("\n\n") == 1  # the pause of three seconds
    assert "loudness" not in err


@pytest.mark.parametrize(
    ("format", "begins"), [("srt", "1\n00:00:0"), ("vtt", "WEBVTT\n\n00:00:0")]
)
def test_subtitles_stream_to_stdout(folder, capsys, format, begins):
    assert transcribe(folder / "talk.wav", "--format", format) == 0
    out = capsys.readouterr().out
    assert out.startswith(begins)
    assert out.count("-->") >= 2


def test_json_is_one_document(folder, capsys):
    assert transcribe(folder / "talk.wav", "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["file"] == "talk.wav"
    assert len(document["segments"]) == 2
    assert 8.9 < document["duration"] < 9.1


def test_the_name_of_the_output_decides_its_format(folder, tmp_path, capsys):
    target = tmp_path / "out.VTT"
    assert transcribe(folder / "talk.wav", "--output", target) == 0
    assert target.read_text().startswith("WEBVTT")
    assert capsys.readouterr().out == ""
    assert transcribe(folder / "talk.wav", "--output", target, "--format", "txt") == 0
    assert target.read_text().startswith("Loads")


def test_a_word_document_is_saved_and_never_printed(folder, tmp_path, capsys):
    target = tmp_path / "out.docx"
    assert transcribe(folder / "talk.wav", "--output", target) == 0
    assert text_of(target.read_bytes()).startswith("talk.wav\nLoads")
    assert capsys.readouterr().out == ""


def test_several_texts_as_markdown_have_headings(folder, capsys):
    files = [folder / "talk.wav"] * 2
    assert transcribe(*files, "--format", "md") == 0
    assert capsys.readouterr().out.count("# talk.wav\n\nLoads") == 2


def test_one_bad_file_does_not_stop_the_others_and_the_model_is_loaded_once(
    folder, tmp_path, capsys, recording, loaded
):
    other = tmp_path / "other"
    other.mkdir()
    (other / "talk.flac").write_bytes(recording)
    (folder / "notes.mp3").write_bytes(b"not a recording at all" * 50)
    files = [folder / "talk.wav", folder / "notes.mp3", folder / "gone.wav", other / "talk.flac"]
    out = tmp_path / "texts"
    assert transcribe(*files, "--output", out, "--format", "srt") == 1
    err = capsys.readouterr().err
    assert sorted(os.listdir(out)) == ["talk-2.srt", "talk.srt"]
    assert err.count("Error: ") == 2
    assert "notes.mp3" in err
    assert "gone.wav" in err
    assert "Traceback" not in err
    assert len(loaded) == 1


def test_names_and_terms_come_from_a_file(folder, tmp_path, loaded, capsys):
    listed = tmp_path / "names.txt"
    listed.write_text("\ufeff# people\nSottovoce | soto voce\n", encoding="utf-8")
    assert transcribe(folder / "talk.wav", "--vocabulary", listed) == 0
    assert loaded[0].vocabulary == ("# people", "Sottovoce | soto voce")
    assert not (tmp_path / "settings.json").exists()
    listed.write_text("Sottovoce | !", encoding="utf-8")
    assert transcribe(folder / "talk.wav", "--vocabulary", listed) == 1
    assert "Line 1 of the names and terms" in capsys.readouterr().err
    assert transcribe(folder / "talk.wav", "--vocabulary", tmp_path / "gone.txt") == 1
    assert "Cannot read the names and terms in 'gone.txt'" in capsys.readouterr().err
    assert len(loaded) == 1


def test_a_wrong_name_is_told_before_the_model_is_loaded(folder, loaded):
    assert transcribe(folder / "gone.wav") == 1
    assert loaded == []


def test_several_texts_on_stdout_have_headings(folder, recording, capsys):
    (folder / "b.wav").write_bytes(recording)
    assert transcribe(folder / "talk.wav", folder / "b.wav") == 0
    out = capsys.readouterr().out
    assert out.startswith("==> talk.wav <==\nLoads")
    assert "\n==> b.wav <==\nLoads" in out


def test_a_folder_is_made_and_gets_a_file_for_a_single_recording_too(folder, tmp_path):
    assert transcribe(folder / "talk.wav", "--output", f"{tmp_path / 'new'}/") == 0
    assert os.listdir(tmp_path / "new") == ["talk.txt"]


def test_the_recording_is_never_overwritten(folder, recording, capsys):
    assert transcribe(folder / "talk.wav", "--output", folder / "talk.wav") == 1
    assert "would overwrite the recording 'talk.wav'" in capsys.readouterr().err
    (folder / "talk.txt").write_bytes(recording)  # a recording under the name of its own text
    assert transcribe(folder / "talk.txt", "--output", folder) == 0
    assert (folder / "talk.wav").read_bytes() == (folder / "talk.txt").read_bytes() == recording
    assert (folder / "talk-2.txt").read_text().startswith("Loads")


def test_a_file_as_folder_and_a_folder_that_cannot_be_are_sentences(folder, tmp_path, capsys):
    two = [folder / "talk.wav", folder / "talk.wav"]
    (tmp_path / "file").write_text("")
    assert transcribe(*two, "--output", tmp_path / "file") == 1
    assert "--output is a folder" in capsys.readouterr().err
    assert transcribe(*two, "--output", tmp_path / "file" / "deeper") == 1
    assert "Cannot make the folder" in capsys.readouterr().err


def test_standard_input_is_a_recording(recording, loaded, monkeypatch, capsys):
    class Piped(io.TextIOWrapper):
        pass

    class OneWay(io.BytesIO):
        def seekable(self):
            return False

    monkeypatch.setattr(sys, "stdin", Piped(OneWay(recording)))
    assert transcribe("-", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["file"] == "stdin"


def test_the_command_line_outranks_what_was_saved(folder, loaded, tmp_path):
    (tmp_path / "settings.json").write_text('{"decode": "ctc", "beam_size": 3, "device": "cpu"}')
    options = "--language zh --languages zh,ja --decode draft --script traditional"
    more = "--model light --precision float32"
    assert transcribe(folder / "talk.wav", *options.split(), *more.split()) == 0
    (settings,) = loaded
    assert (settings.language, settings.languages) == ("zh", ("zh", "ja"))
    assert (settings.decode, settings.beam_size, settings.device) == ("draft", 3, "cpu")
    assert (settings.script, settings.engine) == ("traditional", "light")
    assert settings.precision == "float32"
    transcribe(folder / "talk.wav", "--beam-size", "7", "--device", "cuda:1")
    assert (loaded[1].beam_size, loaded[1].device) == (7, "cuda:1")


def test_a_second_model_can_be_named_and_taken_away(folder, loaded, tmp_path):
    (tmp_path / "settings.json").write_text('{"second_engine": "large", "second_below": 0.5}')
    talk = folder / "talk.wav"
    options = "--second-model larger --second-precision bfloat16 --second-below 0.8"
    assert transcribe(talk, *options.split()) == 0
    assert transcribe(talk) == 0
    assert transcribe(talk, "--second-model", "none") == 0
    assert [(s.second_engine, s.second_precision, s.second_below) for s in loaded] == [
        ("larger", "bfloat16", 0.8),
        ("large", "auto", 0.5),
        ("", "auto", 0.5),
    ]
    with pytest.raises(SystemExit, match="2"):
        transcribe(talk, "--second-below", "2")


SAID = Segment(0.0, 2.0, "zh", "我們用Python，i think 百分之二十。", 0.5)


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ("", "我们用 Python，I think 20%。"),
        ("--verbatim", SAID.text),
        ("--script traditional", "我們用 Python，I think 20%。"),
        ("--script as_heard", "我們用 Python，I think 20%。"),
        ("--punctuation half", "我们用 Python, I think 20%."),
        ("--punctuation as_heard", "我们用 Python，I think 20%。"),
        ("--no-spacing", "我们用Python，I think 20%。"),
        ("--no-case", "我们用 Python，i think 20%。"),
        ("--no-numbers", "我们用 Python，I think 百分之二十。"),
    ],
)
@pytest.mark.parametrize("format", ["txt", "json"])
def test_every_switch_of_tidying_is_a_flag(folder, monkeypatch, capsys, options, written, format):
    monkeypatch.setattr(light_engine.LightEngine, "recognize", say)
    assert transcribe(folder / "talk.wav", "--format", format, *options.split()) == 0
    out = capsys.readouterr().out
    assert (json.loads(out)["text"] if format == "json" else out.strip()) == written


def say(self, windows, settings):
    for i, window in enumerate(windows):
        yield Recognized(window.end, (SAID,) if i == 0 else ())


def test_who_asks_for_a_switch_wants_no_verbatim_text(folder, loaded, tmp_path):
    (tmp_path / "settings.json").write_text('{"verbatim": true, "numbers": false}')
    transcribe(folder / "talk.wav")
    transcribe(folder / "talk.wav", "--case")
    transcribe(folder / "talk.wav", "--no-verbatim")
    transcribe(folder / "talk.wav", "--case", "--verbatim")
    assert [settings.tidy for settings in loaded] == [
        VERBATIM,
        Tidy(numbers=False),
        Tidy(numbers=False),
        VERBATIM,
    ]


def test_broken_settings_are_a_note_and_not_an_end(folder, tmp_path, capsys):
    (tmp_path / "settings.json").write_text("{")
    assert transcribe(folder / "talk.wav") == 0
    assert "Note: The settings in" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.wav", "--format", "odt"],
        ["a.wav", "--format", "docx"],
        ["a.wav", "--format", "docx", "--output", "-"],
        ["a.wav", "--beam-size", "0"],
        ["a.wav", "--device", "tpu"],
        ["a.wav", "--languages", ","],
        ["-", "-"],
        ["a.wav", "b.wav", "--format", "srt"],
    ],
)
def test_wrong_usage_is_code_two(arguments, loaded, capsys):
    with pytest.raises(SystemExit) as end:
        transcribe(*arguments)
    assert end.value.code == 2
    assert "usage: sottovoce transcribe" in capsys.readouterr().err


def test_figures_are_a_line_of_json_on_stderr(folder, capsys):
    assert transcribe(folder / "talk.wav", "--json-stats") == 0
    line = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("{"))
    figures = json.loads(line)
    assert figures["file"] == "talk.wav"
    assert figures["device"] == "cpu"
    assert figures["duration"] == pytest.approx(9.0, abs=0.1)
    assert figures["real_time_factor"] > 0


def test_copy_puts_the_text_on_the_clipboard(folder, monkeypatch, capsys):
    copied = []
    monkeypatch.setattr(pyperclip, "copy", copied.append)
    assert transcribe(folder / "talk.wav", "--copy") == 0
    assert copied == [capsys.readouterr().out]


def test_without_a_clipboard_the_text_is_there_and_a_sentence(folder, monkeypatch, capsys):
    copy, _ = pyperclip.init_no_clipboard()
    monkeypatch.setattr(pyperclip, "copy", copy)
    assert transcribe(folder / "talk.wav", "--copy") == 1
    out, err = capsys.readouterr()
    assert "loudness" in out
    assert "Error: The text could not be copied: there is no clipboard." in err


def interrupt(name, window):
    raise KeyboardInterrupt


def test_an_interrupt_keeps_what_was_printed(folder, monkeypatch, capsys):
    monkeypatch.setattr(light_engine, "_misbehave", interrupt)
    assert transcribe(folder / "talk.wav", folder / "talk.wav") == 130
    out, err = capsys.readouterr()
    assert out.count("loudness") == 1
    assert out.endswith("\n")
    assert "Stopped." in err


@pytest.mark.parametrize("format", ["txt", "md", "srt", "json"])
def test_an_interrupt_saves_what_was_to_be_saved(folder, tmp_path, monkeypatch, capsys, format):
    monkeypatch.setattr(light_engine, "_misbehave", interrupt)
    target = tmp_path / f"out.{format}"
    assert transcribe(folder / "talk.wav", "--output", target) == 130
    assert target.read_text().count("loudness") >= 1
    assert f"The text up to 0:01 is in {target}." in capsys.readouterr().err


@pytest.mark.parametrize("format", ["txt", "docx"])
def test_a_text_that_cannot_be_saved_is_printed(folder, tmp_path, capsys, format):
    target = tmp_path / "gone" / f"out.{format}"
    assert transcribe(folder / "talk.wav", "--output", target) == 1
    out, err = capsys.readouterr()
    assert out.count("loudness 0.5") == 2
    assert "talk.wav: the text is on standard output instead.\nError: Cannot save" in err


def test_a_fault_in_the_middle_keeps_the_text_and_tells_no_secret(folder, capsys):
    assert transcribe(folder / "talk.wav", "--model", "light-bug") == 1
    out, err = capsys.readouterr()
    assert out.count("loudness") == 1
    assert "(TypeError)" in err
    assert "secret-word" not in err


def test_a_part_of_a_recording_is_heard_with_its_own_times(folder, capsys):
    file = folder / "talk.wav"
    assert transcribe(file, "--start", "0:04", "--format", "json") == 0
    out, err = capsys.readouterr()
    (segment,) = json.loads(out)["segments"]
    assert 4.0 < segment["start"] < 5.0
    assert "talk.wav: Only a part was heard: 0:04 to 0:09." in err
    assert transcribe(file, "--stop", "2") == 0
    assert capsys.readouterr().out.count("loudness") == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--start", "soon"), "“soon” is no time. Write it like 90, 1:30 or 1:02:03."),
        (("--start", "2:00", "--stop", "60"), "The part from 2:00 to 1:00 holds nothing."),
    ],
)
def test_a_part_that_is_none_is_wrong_usage(folder, capsys, given, sentence):
    with pytest.raises(SystemExit) as ended:
        transcribe(folder / "talk.wav", *given)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err
