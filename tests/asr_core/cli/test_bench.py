"""`sottovoce bench`: whole runs; most over commands that say what a file says."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile as sf

from asr_core.cli import main

ROOT = Path(__file__).resolve().parents[3]
SPOKEN = ROOT / "tests" / "recordings" / "english-then-mandarin.flac"
ENGLISH_S, MANDARIN_S = 4.9, 5.2  # where the first ends and the second begins

# Says what lies in NAME.heard beside a recording, and counts its calls; waits while it is told to.
SPEAKER = """
import sys, time
from pathlib import Path
name, file = sys.argv[1], Path(sys.argv[2])
with open(file.parent / f"{name}.calls", "a") as calls:
    calls.write("x")
while (file.parent / f"{name}.waits").exists():
    time.sleep(0.05)
sys.stdout.buffer.write(file.with_suffix(f".{name}").read_bytes())
"""


@pytest.fixture
def folder(tmp_path):
    """Two recordings in name, with their texts, and what two speakers hear in them."""
    folder = tmp_path / "calls"
    folder.mkdir()
    said = {
        "a": ("one two three four", "one too three", "One two, three four!"),
        "b": ("一二三四", "一二三<b>四|五</b>", "一二三四"),
    }
    for name, (text, first, second) in said.items():
        (folder / f"{name}.wav").write_bytes(bytes(10))
        for ending, content in (("txt", text), ("first", first), ("second", second)):
            (folder / f"{name}.{ending}").write_text(content, encoding="utf-8")
    (tmp_path / "speaker.py").write_text(SPEAKER, encoding="utf-8")
    return folder


def command(folder, *names, runs=2):
    """The arguments of a run over commands alone."""
    speaker = folder.parent / "speaker.py"
    given = ["bench", "--folder", str(folder), "--output", str(folder.parent / "out")]
    given += ["--models", "--runs", str(runs)]
    for name in names:
        given += ["--command", f'{name}="{sys.executable}" "{speaker}" {name} {{file}}']
    return given


def results(folder):
    return json.loads((folder.parent / "out" / "results.json").read_text(encoding="utf-8"))


def calls(folder, name):
    return len((folder / f"{name}.calls").read_text())


def test_rows_are_scored_and_compared_with_the_first(folder, capsys):
    assert main(command(folder, "first", "second")) == 0
    first, second = results(folder)["rows"]
    assert first["accuracy"]["en"]["rate"] == 0.5
    assert first["accuracy"]["zh"]["rate"] == 0.75
    counts = ("substitutions", "deletions", "insertions")
    assert [first["accuracy"]["all"][name] for name in counts] == [1, 1, 3]
    assert second["accuracy"]["all"]["rate"] == 0.0
    assert second["accuracy"]["all"]["difference"]["rate"] == pytest.approx(-0.625)
    assert first["accuracy"]["all"]["difference"] is None
    assert [len(utterance["seconds"]) for utterance in first["utterances"]] == [2, 2]
    assert calls(folder, "first") == 5  # twice each, and once to warm up
    printed = capsys.readouterr()
    assert "second: en 0.00 %, zh 0.00 %, all 0.00 %" in printed.out
    assert "The report is in" in printed.err


def test_the_report_opens_offline_and_shows_texts_as_they_are(folder):
    assert main(command(folder, "first", "second", runs=1)) == 0
    out = folder.parent / "out"
    page = (out / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"https?:|//\w|\b(?:src|href)=|@import|url\(|<script|<link|<img", page)
    assert "default-src 'none'" in page
    assert page.count("<svg") == 1
    assert "一二三&lt;b&gt;四|五&lt;/b&gt;" in page
    written = (out / "report.md").read_text(encoding="utf-8")
    assert "一二三\\<b\\>四\\|五\\</b\\>" in written
    tables = [table.splitlines() for table in written.split("\n\n") if table.startswith("|")]
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", written):
        assert (out / picture).read_text(encoding="utf-8").startswith("<svg xmlns=")
    assert "first" in (out / "errors.svg").read_text(encoding="utf-8")


def test_nothing_is_written_but_into_the_folder_named(folder):
    before = {path for path in folder.parent.rglob("*") if path.is_file()}
    assert main(command(folder, "first", runs=1)) == 0
    new = {path for path in folder.parent.rglob("*") if path.is_file()} - before
    out = folder.parent / "out"
    assert {path for path in new if out not in path.parents} == {folder / "first.calls"}
    assert {path.relative_to(out).as_posix() for path in new if out in path.parents} == {
        *("results.json", "report.md", "report.html", "errors.svg"),
        *("cells/first.json", "texts/first.jsonl"),
    }


def test_after_a_kill_a_run_goes_on_with_the_row_it_had_not_finished(folder):
    waits = folder / "second.waits"
    waits.touch()
    line = [sys.executable, "-m", "asr_core", *command(folder, "first", "second")]
    with subprocess.Popen(line, cwd=ROOT, stderr=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 60
        while not (folder / "second.calls").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    assert run.returncode
    assert not (folder.parent / "out" / "results.json").exists()
    waits.unlink()
    assert (calls(folder, "first"), calls(folder, "second")) == (5, 1)
    assert main(command(folder, "first", "second")) == 0
    assert (calls(folder, "first"), calls(folder, "second")) == (5, 6)
    assert [row["name"] for row in results(folder)["rows"]] == ["first", "second"]
    assert main(command(folder, "first", "second")) == 0
    assert calls(folder, "second") == 6
    (folder / "a.wav").write_bytes(bytes(11))  # what was measured is another recording now
    assert main(command(folder, "first", "second", runs=1)) == 0
    assert calls(folder, "first") == 8


def test_a_row_that_fails_does_not_stop_the_others(folder, capsys):
    broken = ["--command", "gone=no-such-program {file}", "--models", "no-such-model"]
    assert main([*command(folder, "first", runs=1), *broken]) == 1  # a wrong name is told at once
    assert "There is no model 'no-such-model'" in capsys.readouterr().err
    assert main([*command(folder, "first", runs=1), *broken[:2]]) == 0
    assert "gone: Cannot start 'no-such-program'" in capsys.readouterr().err
    assert [row.get("error") is None for row in results(folder)["rows"]] == [True, False]
    assert "gone was not measured" in (folder.parent / "out" / "report.md").read_text()
    (folder / "b.first").unlink()  # the program then fails
    assert main(command(folder, "first", runs=3)) == 1
    assert "ended with the code 1 on 'b.wav'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--command", "echo {file}"], "is no command to compare with"),
        (["--command", "x=echo"], "is no command to compare with"),
        (["--command", "x=echo '{file}"], "is no command to compare with"),
        ([], "There is nothing to measure"),
        (["--command", "x=echo {file}", "--command", "x=cat {file}"], "are called 'x'"),
        (["--command", "x=echo {file}", "--only", "zebra"], "No recording has 'zebra' in its id"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(folder, capsys, arguments, said):
    assert main([*command(folder), *arguments]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--runs", "0"], ["--precisions", "int3"], ["--modes", "x"], ["--manifest", "m"]]
)
def test_wrong_usage_is_told(folder, arguments):
    with pytest.raises(SystemExit) as end:
        main([*command(folder), *arguments])
    assert end.value.code == 2


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """An English and a Mandarin recording with their texts."""
    folder = tmp_path_factory.mktemp("spoken")
    samples, rate = sf.read(SPOKEN)
    halves = {
        "en": (
            samples[: round(ENGLISH_S * rate)],
            "But we looked like that a long, long time ago.",
        ),
        "zh": (samples[round(MANDARIN_S * rate) :], "一点专业精神和职业道德都没有"),
    }
    for name, (sound, text) in halves.items():
        sf.write(folder / f"{name}.wav", sound, rate)
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def test_the_bundled_model_is_measured_alone_and_side_by_side(spoken):
    out = spoken / "out"
    line = ["bench", "--folder", str(spoken), "--output", str(out), "--runs", "1"]
    assert main([*line, "--modes", "joint", "--concurrency", "2", "--threads", "1"]) == 0
    found = json.loads((out / "results.json").read_text(encoding="utf-8"))
    (row,) = found["rows"]
    assert row["name"] == "sottovoce-base auto joint"
    assert {name: row["accuracy"][name]["tokens"] for name in ("en", "zh")} == {"en": 10, "zh": 14}
    assert row["accuracy"]["all"]["rate"] < 0.25
    speed = row["speed"]
    assert speed["audio_s"] == pytest.approx(
        sum(sf.info(path).duration for path in spoken.glob("*.wav")), abs=0.05
    )
    assert 0 < speed["first_s"] <= speed["seconds"]
    assert speed["load_s"] > 0
    assert 2e8 < speed["peak_bytes"] < 8e9
    assert speed["decoder_passes"] > 0
    assert [level["n"] for level in row["throughput"]] == [1, 2]
    assert all(level["speed"] > 0 for level in row["throughput"])
    assert row["throughput"][1]["peak_bytes"] > 1.5 * speed["peak_bytes"]
    assert row["language"]["full"] == {"n": 2, "right": 2}
    assert row["language"]["2"]["n"] == 2
    assert (out / "throughput.svg").is_file()
    texts = (out / "texts" / "sottovoce-base-auto-joint.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["id"] for line in texts.splitlines()] == ["en.wav", "zh.wav"]


def test_what_is_no_recording_is_said_and_not_measured(spoken, tmp_path, capsys):
    shutil.copy(spoken / "en.txt", tmp_path / "en.txt")
    (tmp_path / "en.wav").write_bytes(b"hello")
    line = ["bench", "--folder", str(tmp_path), "--output", str(tmp_path / "out"), "--quick"]
    assert main(line) == 1
    err = capsys.readouterr().err
    assert "sottovoce-base auto joint: Cannot read “en.wav”" in err
    assert "Nothing could be measured" in err
