"""Manifests, the split by speaker, and sound out of the cache."""

import json

import numpy as np
import pytest
from tones import RATE, write_corpus

from asr_core.errors import AsrError
from asr_core.training.corpus import SoundCache, Utterance, read_corpus, split_by_speaker


def test_rows_without_text_are_left_out(tmp_path):
    manifest = write_corpus(tmp_path, n=3)
    row = json.loads(manifest.read_text().splitlines()[0]) | {"text": None, "id": "x"}
    with open(manifest, "a") as file:
        file.write(json.dumps(row) + "\n")
    assert [u.id for u in read_corpus([manifest])] == ["u0", "u1", "u2"]


@pytest.mark.parametrize("text", ["{", '{"id": "a"}\n', ""])
def test_what_is_no_manifest_is_one_sentence(tmp_path, text):
    manifest = tmp_path / "m.jsonl"
    manifest.write_text(text)
    with pytest.raises(AsrError, match=r"manifest"):
        read_corpus([manifest])
    with pytest.raises(AsrError, match=r"not a manifest"):
        read_corpus([tmp_path / "none.jsonl"])


def test_no_speaker_is_on_both_sides_of_the_split(tmp_path):
    utterances = read_corpus([write_corpus(tmp_path, n=60)])
    heard, held_back = split_by_speaker(utterances, 0.2)
    assert not {u.speaker for u in heard} & {u.speaker for u in held_back}
    assert 4 <= len(held_back) <= 24
    assert (heard, held_back) == split_by_speaker(utterances, 0.2)


def test_of_a_lone_speaker_some_utterances_are_held_back(tmp_path):
    lone = [
        Utterance(f"u{i}", tmp_path / "x", 0.0, 1.0, "你好吗。", "zh", "one", False)
        for i in range(100)
    ]
    heard, held_back = split_by_speaker(lone, 0.2)
    assert heard
    assert 5 <= len(held_back) <= 40


def test_sound_is_that_of_the_stretch_and_decoded_once(tmp_path):
    utterances = read_corpus([write_corpus(tmp_path, n=4)])
    waveform = SoundCache(tmp_path / "cache").waveform(utterances[2])
    assert len(waveform) == round(utterances[2].duration * RATE)
    assert 0.25 < np.abs(waveform).max() < 0.35
    (tmp_path / "cache").joinpath("x").touch()
    kept = list((tmp_path / "cache").glob("*.npy"))
    assert len(kept) == 1
    np.save(kept[0], np.zeros(10 * RATE, np.int16))
    assert not SoundCache(tmp_path / "cache").waveform(utterances[0]).any()


def test_an_utterance_behind_the_end_is_one_sentence(tmp_path):
    [utterance, *_] = read_corpus([write_corpus(tmp_path, n=1)])
    late = Utterance("late", utterance.file, 100.0, 1.0, "a", "en", "", False)
    with pytest.raises(AsrError, match=r"late ends at 101.0 s, but tones.wav after"):
        SoundCache(tmp_path / "cache").waveform(late)
    gone = Utterance("gone", tmp_path / "gone.wav", 0.0, 1.0, "a", "en", "", False)
    with pytest.raises(AsrError, match="not there"):
        SoundCache(tmp_path / "cache").waveform(gone)
