"""A folder of recordings to a folder of texts, by workers that are killed and stopped."""

import json
import os
import re
import stat
from contextlib import closing

import psutil
import pytest
from voice import conversation

from asr_core.batch import LEDGER, Batch, recordings_in
from asr_core.errors import AsrError
from asr_core.settings import Settings

SHORT, LONG = conversation(1), conversation(3)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "recordings"
    (folder / "of a day").mkdir(parents=True)
    (folder / "talk.wav").write_bytes(LONG)
    (folder / "of a day" / "note.WAV").write_bytes(SHORT)
    (folder / "of a day" / "broken.mp3").write_bytes(b"no sound")
    return folder


@pytest.fixture
def out(folder):
    return folder / "texts"


def run(folder, out, engine="light", n_workers=1, format="txt"):
    """The errors by name, and the batch."""
    settings = Settings(engine=engine)
    inputs = recordings_in(folder, out)
    batch = Batch(inputs, out, settings, format, n_workers, loader="light_engine:load")
    with closing(batch.outcomes()) as outcomes:
        return {one.name: outcome.error for one, outcome in outcomes}, batch


def texts_in(out):
    """What is there, without what tells one worker from another."""
    files = (path for path in out.rglob("*") if path.is_file() and path.name != LEDGER)
    bare = re.compile(r"[Ll]oads \d+ pid \d+")
    return {
        path.relative_to(out).as_posix(): bare.sub("", path.read_text(encoding="utf-8"))
        for path in files
    }


def test_every_recording_gets_its_text_and_a_broken_one_stops_nobody(folder, out):
    errors, batch = run(folder, out)
    assert batch.before == 0
    assert "it is text" in errors.pop("of a day/broken.mp3")
    assert errors == {"talk.wav": None, "of a day/note.WAV": None}
    texts = texts_in(out)
    assert texts.keys() == {"talk.wav.txt", "of a day/note.WAV.txt"}
    assert texts["talk.wav.txt"].count("loudness") == 3
    assert stat.S_IMODE(os.stat(out / LEDGER).st_mode) == 0o600 or os.name == "nt"


def test_neither_order_nor_number_of_workers_matters(folder, tmp_path):
    run(folder, tmp_path / "one")
    inputs = recordings_in(folder, tmp_path / "two")[::-1]
    settings = Settings(engine="light")
    batch = Batch(inputs, tmp_path / "two", settings, "txt", 2, loader="light_engine:load")
    assert len(list(batch.outcomes())) == 3
    assert texts_in(tmp_path / "one") == texts_in(tmp_path / "two")


def test_a_later_run_hears_what_is_new_changed_or_lost_and_what_failed(folder, out):
    run(folder, out)
    (folder / "talk.wav").write_bytes(conversation(2))
    (folder / "new.wav").write_bytes(SHORT)
    with open(out / LEDGER, "a") as ledger:
        ledger.write('{"name": "of a day/no')  # the computer went down here
    written = (out / "of a day" / "note.WAV.txt").stat().st_mtime_ns
    errors, batch = run(folder, out)
    assert batch.before == 1
    assert [name for name, error in errors.items() if error] == ["of a day/broken.mp3"]
    assert (out / "of a day" / "note.WAV.txt").stat().st_mtime_ns == written
    assert texts_in(out)["talk.wav.txt"].count("loudness") == 2
    (out / "new.wav.txt").unlink()
    assert run(folder, out)[1].before == 2
    assert "new.wav.txt" in texts_in(out)


def test_another_format_or_setting_is_another_text(folder, out):
    (folder / "talk.wav").unlink()
    run(folder, out)
    assert run(folder, out, format="srt")[1].before == 0
    assert {path.suffix for path in out.rglob("*.*")} == {".txt", ".srt", ".jsonl"}


def test_a_recording_that_kills_its_worker_is_left_out_after_two(folder, out):
    errors, _ = run(folder, out, "light-killed")
    assert "stopped unexpectedly" in errors["talk.wav"]
    assert errors["of a day/note.WAV"] is None
    assert texts_in(out)["talk.wav.txt"].count("loudness") == 1  # what there was is kept
    assert run(folder, out)[0]["talk.wav"] is None
    assert texts_in(out)["talk.wav.txt"].count("loudness") == 3


def test_a_model_that_cannot_be_used_ends_it_at_once(folder, out):
    with pytest.raises(AsrError, match="model file is damaged"):
        run(folder, out, "light-damaged")
    assert not out.exists()


def test_stopped_it_leaves_no_worker_and_the_next_run_goes_on(folder, out):
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    (folder / "of a day" / "note.WAV").unlink()
    settings, inputs = Settings(engine="light-stuck"), recordings_in(folder, out)
    batch = Batch(inputs, out, settings, "txt", 2, loader="light_engine:load")
    with closing(batch.outcomes()) as outcomes:
        assert next(outcomes)[0].name == "of a day/broken.mp3"
    left = [c for c in psutil.Process().children(recursive=True) if c.pid not in before]
    assert [child for child in left if child.status() != psutil.STATUS_ZOMBIE] == []
    assert run(folder, out)[0]["talk.wav"] is None


def test_a_text_that_cannot_be_saved_is_said(folder, out, monkeypatch):
    def refuse(path, data):
        raise AsrError(f"Cannot save {path.name!r}: the disk is full.")

    monkeypatch.setattr("asr_core.batch.results.save_bytes", refuse)
    errors, _ = run(folder, out)
    assert "the disk is full" in errors["talk.wav"]
    lines = [json.loads(line) for line in (out / LEDGER).read_text().splitlines()]
    assert all(line["error"] for line in lines)


def test_what_is_no_folder_of_recordings_is_said(tmp_path):
    with pytest.raises(AsrError, match="is no folder"):
        recordings_in(tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / ".hidden.wav").write_bytes(SHORT)
    (tmp_path / "letter.txt").write_text("no sound")
    with pytest.raises(AsrError, match="no recording in"):
        recordings_in(tmp_path, tmp_path / "out")
