"""A corpus of synthetic speech: recordings with a manifest, gone on with where it stopped."""

import json

import numpy as np
import pytest

from asr_core.audio.decode import open_recording
from asr_core.errors import AsrError
from asr_core.training import synthesize
from asr_core.training.sentences import sentences
from asr_core.training.synthesize import Corpus, fill, main


def tone(text, blend, speed):
    """A tone as long as the text."""
    seconds = 0.1 * len(text)
    time = np.arange(round(seconds * 16_000)) / 16_000
    return (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def rows_of(folder):
    lines = (folder / "manifest-03.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def short_files(monkeypatch):
    monkeypatch.setattr(synthesize, "LONGEST_FILE", 20.0)


def sound_of(path):
    with open_recording(path, path.name) as recording:
        return np.concatenate(list(recording))


def test_rows_point_to_the_sound_and_silence_goes_before(tmp_path, short_files):
    fill(Corpus(tmp_path, 3), sentences(3), tone, 40.0)
    rows = rows_of(tmp_path)
    sounds = {row["file"]: sound_of(tmp_path / row["file"]) for row in rows}
    assert len(sounds) > 1
    for row in rows:
        sound, start = sounds[row["file"]], round(row["offset_s"] * 16_000)
        utterance = sound[start : start + round(row["duration_s"] * 16_000)]
        assert np.sqrt(np.mean(utterance[400:-400] ** 2)) == pytest.approx(0.3 / 2**0.5, rel=0.1)
        assert np.abs(utterance[400:800]).max() > 0.2
        assert np.abs(sound[start - 7000 : start - 400]).max() < 0.05
    assert max(map(len, sounds.values())) <= 20.1 * 16_000


def test_a_corpus_is_the_same_whether_it_was_stopped_or_not(tmp_path, short_files):
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    fill(Corpus(whole, 3), sentences(3), tone, 60.0)
    for seconds in (5.0, 30.0, 60.0):
        fill(Corpus(parted, 3), sentences(3), tone, seconds)
    told = [
        [(row["id"], row["text"], row["speaker"], row["speed"]) for row in rows_of(folder)]
        for folder in (whole, parted)
    ]
    assert told[0] == told[1]


def test_it_ends_at_a_file_named_stop(tmp_path):
    corpus = Corpus(tmp_path, 3)

    def say(text, blend, speed):
        (tmp_path / "stop").touch()
        return tone(text, blend, speed)

    fill(corpus, sentences(3), say, 3600.0)
    assert len(rows_of(tmp_path)) == 1


def test_utterances_too_short_or_too_long_are_left_out(tmp_path):
    lengths = iter([8_000, 16_000 * 30, 32_000, 0, 32_000])
    fill(Corpus(tmp_path, 3), sentences(3), lambda *_: np.ones(next(lengths), np.float32), 4.0)
    assert [row["id"] for row in rows_of(tmp_path)] == ["synth-03-000002", "synth-03-000004"]


def test_other_sentences_are_not_added_to_a_corpus(tmp_path):
    fill(Corpus(tmp_path, 3), sentences(3), tone, 5.0)
    with pytest.raises(AsrError, match="was begun with other sentences"):
        fill(Corpus(tmp_path, 3), sentences(4), tone, 60.0)


def test_a_damaged_manifest_is_not_written_over(tmp_path):
    (tmp_path / "manifest-03.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(AsrError, match="is damaged"):
        Corpus(tmp_path, 3)


def test_missing_voices_are_said_in_one_sentence_on_the_command_line(tmp_path, capsys):
    arguments = ["--voices", str(tmp_path / "voices"), "--output", str(tmp_path / "out")]
    assert main([*arguments, "--seed", "3", "--hours", "1"]) == 1
    assert capsys.readouterr().err.startswith("Error: The voice zf_xiaoxiao.bin is missing")
    assert main([*arguments, "--text", str(tmp_path / "missing.tsv")]) == 1
    assert "Cannot read the sentences" in capsys.readouterr().err


def test_the_command_speaks_with_the_voices_given(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(synthesize, "Kokoro", lambda voices: type("Voice", (), {"say": tone}))
    assert (
        main(["--voices", "v", "--output", str(tmp_path), "--seed", "3", "--hours", "0.002"]) == 0
    )
    assert sum(row["duration_s"] for row in rows_of(tmp_path)) >= 7.2
    assert "0.00 h of speech made" in capsys.readouterr().out
