"""Names of saved files: safe everywhere, and never two alike."""

import pytest

from asr_core.export import suggested_name
from asr_core.export.names import distinct_paths


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("talk.m4a", "talk.srt"),
        ("会议 一.mp3", "会议 一.srt"),
        ("../../etc/passwd", "passwd.srt"),
        (r"C:\Users\me\talk.wav", "talk.srt"),
        ("a\u202egnp.mp3", "agnp.srt"),
        ("line\nbreak\x1b[31m.mp3", "linebreak[31m.srt"),
        ("what? 1:2.wav", "what 12.srt"),
        ("con.wav", "recording con.srt"),
        (".hidden", "hidden.srt"),
        ("...", "recording.srt"),
        ("", "recording.srt"),
        ("x" * 300 + ".wav", "x" * 60 + ".srt"),
        ("v1.2 final.wav", "v1.2 final.srt"),
    ],
)
def test_a_name_keeps_its_stem_and_nothing_that_harms(name, suggested):
    assert suggested_name(name, "srt") == suggested


def test_names_that_would_meet_get_a_number(tmp_path):
    names = ["a/talk.mp3", "b/talk.wav", "Talk.flac", "other.wav"]
    paths = distinct_paths(tmp_path, names, "txt", taken=[])
    assert [path.name for path in paths] == ["talk.txt", "talk-2.txt", "Talk-3.txt", "other.txt"]


def test_a_recording_is_never_the_target(tmp_path):
    recording = tmp_path / "talk.txt"
    assert distinct_paths(tmp_path, ["talk.txt"], "txt", [recording]) == [tmp_path / "talk-2.txt"]
