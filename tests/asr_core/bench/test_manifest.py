"""What is measured: a manifest, or a folder of recordings with their texts."""

import json

import pytest

from asr_core.bench.manifest import read_recordings
from asr_core.errors import AsrError


def write(folder, *rows):
    path = folder / "manifest.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_manifest_says_what_is_said_where(tmp_path):
    (tmp_path / "a.wav").write_bytes(bytes(7))
    row = {"id": "a", "file": "a.wav", "text": "hello", "language": "en", "duration_s": 2}
    path = write(
        tmp_path,
        row,
        {**row, "id": "b", "category": "calls", "language": "mixed"},
        {**row, "id": "c", "long": True},
        {**row, "id": "d", "synthetic": True},
        {"id": "e", "file": "gone.wav", "format_test": True},
    )
    found = read_recordings(path)
    assert [(r.id, r.language, r.category) for r in found] == [
        ("a", "en", "real"),
        ("b", "mix", "calls"),
        ("c", "en", "long"),
        ("d", "en", "synthetic"),
    ]
    assert (found[0].path, found[0].n_bytes, found[0].duration) == (tmp_path / "a.wav", 7, 2.0)


def test_a_folder_gives_what_has_its_text_beside(tmp_path):
    (tmp_path / "calls").mkdir()
    for name, text in (("b", "你好"), ("calls/a", "hello there"), ("c", "我们 meeting 三点")):
        (tmp_path / f"{name}.MP3").write_bytes(b"x")
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "silent.wav").write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("no recording")
    assert [(r.id, r.text, r.language, r.category) for r in read_recordings(tmp_path)] == [
        ("b.MP3", "你好", "zh", "all"),
        ("c.MP3", "我们 meeting 三点", "mix", "all"),
        ("calls/a.MP3", "hello there", "en", "calls"),
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("hello", "Line 1 of the manifest 'm.jsonl' cannot be used"),
        ('\n{"id": "a", "file": "a.wav"}', "Line 2 of the manifest"),
        ("7", "Line 1 of the manifest"),
        ('{"id": "a", "file": "a.wav", "text": 7}', "Line 1 of the manifest"),
        ('{"id": "a", "file": "gone.wav", "text": "x"}', r"Cannot read the recording 'gone\.wav'"),
        ('{"id": "a", "file": "a.wav", "text": "x"}\n' * 2, "has the id 'a' twice"),
        ("", "has no recording with its text"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(tmp_path, lines, said):
    (tmp_path / "a.wav").write_bytes(b"x")
    path = tmp_path / "m.jsonl"
    path.write_text(lines, encoding="utf-8")
    with pytest.raises(AsrError, match=said):
        read_recordings(path)


def test_a_folder_without_recordings_and_a_manifest_that_is_gone_are_said(tmp_path):
    with pytest.raises(AsrError, match="has no recording with its text"):
        read_recordings(tmp_path)
    with pytest.raises(AsrError, match=r"Cannot read the manifest 'gone\.jsonl'"):
        read_recordings(tmp_path / "gone.jsonl")
