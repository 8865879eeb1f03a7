"""`transcribe --model FOLDER` and the worker process, on tiny models: paths, no recognition."""

import json
import os
import time
from dataclasses import replace

import pytest
from tiny_qwen3 import ENGLISH, PLAIN, write_model
from voice import conversation

from asr_core.audio.clip import Clip
from asr_core.cli import main
from asr_core.jobs import Recognizer

PATIENCE = 240.0  # for a busy machine that loads a model
ENDLESS = [f" {a}{b}" for a in "bdfgklmnprst" for b in "aeiou"]  # longer than any loop


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    top = tmp_path_factory.mktemp("models")
    write_model(top / "model", "original", ENGLISH)
    write_model(top / "endless", "hf", ["<asr_text>", *ENDLESS, " ba"])
    write_model(top / "aligner", "original", aligner=True)
    return top


@pytest.fixture(scope="module")
def recording():
    return conversation(2)


@pytest.mark.parametrize("format", ["json", "srt"])
def test_the_command_line_transcribes_with_a_folder(
    folder, recording, tmp_path, monkeypatch, capsys, format
):
    monkeypatch.setattr("asr_core.settings.settings_file", lambda: tmp_path / "settings.json")
    (tmp_path / "talk.wav").write_bytes(recording)
    asked = [str(tmp_path / "talk.wav"), "--model", str(folder / "model"), "--device", "cpu"]
    asked += ["--precision", "float32", "--format", format, "--json-stats"]
    assert main(["transcribe", *asked]) == 0
    out, err = capsys.readouterr()
    stats = json.loads(err.strip().splitlines()[-1])
    assert (stats["engine"], stats["decode"]) == ("model", "greedy")
    assert (stats["device"], stats["precision"]) == ("cpu", "float32")
    assert stats["tokens"] > 0
    if format == "srt":
        assert out.count("Hello world. Good morning!") == 2
    else:
        document = json.loads(out)
        assert [s["text"] for s in document["segments"]] == ["Hello world. Good morning!"] * 2
        assert {segment["language"] for segment in document["segments"]} == {"en"}
        assert len(document["segments"][0]["words"]) == 4


def test_a_folder_that_is_none_is_a_sentence(tmp_path, recording, monkeypatch, capsys):
    monkeypatch.setattr("asr_core.settings.settings_file", lambda: tmp_path / "settings.json")
    (tmp_path / "talk.wav").write_bytes(recording)
    assert main(["transcribe", str(tmp_path / "talk.wav"), "--model", str(tmp_path / "no")]) == 1
    assert "Error: There is no model" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="the worker is tested where POSIX signals are")
def test_the_worker_loads_drafts_stops_and_hears_a_passage_again(folder, recording, monkeypatch):
    """The page's own way: one process, no file written, both models one after the other."""
    # Torch puts it there when it is imported, and the page's server does not import it.
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    recognizer = Recognizer(loader="tiny_qwen3:load_unhurried")
    try:
        settings = replace(PLAIN, engine=str(folder / "endless"))
        job = recognizer.submit(conversation(20, pause=0.1), "talk.wav", settings)
        drafts = followed(job)
        assert job.stage == "cancelled", job.error
        assert len(drafts) == 3
        assert all(draft.startswith("ba") for draft in drafts), drafts
        assert job.receipt.clean

        english = replace(PLAIN, engine=str(folder / "model"))
        done = recognizer.submit(recording, "talk.wav", english)
        assert done.wait(PATIENCE)
        assert done.stage == "done", done.error
        assert done.transcript.text.split("\n") == ["Hello world. Good morning!"] * 2
        assert (done.transcript.engine, done.draft) == ("model", "")

        again = replace(english, language="zh")
        asked = recognizer.hear_again(recording, "talk.wav", again, Clip(0.0, 4.0))
        heard = asked.result(PATIENCE)
        assert {segment.language for segment in heard.segments} == {"zh"}
        text = "Hello there, world."
        aligned = recognizer.align(recording, "talk.wav", english, Clip(0.0, 4.0), text, "en")
        assert len(aligned.result(PATIENCE).words) == 3
    finally:
        recognizer.close()


def followed(job):
    """The drafts of a job until it was stopped, which it is at the third."""
    drafts, end = [], time.monotonic() + PATIENCE
    while job.running:
        assert time.monotonic() < end
        if job.draft and job.draft not in drafts:
            drafts.append(job.draft)
            if len(drafts) == 3:
                job.cancel()
        time.sleep(0.005)
    return drafts
