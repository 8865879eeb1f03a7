"""Names are shown without folders and without anything that plays tricks on the eye."""

import pytest

from asr_core.audio.naming import MAX_NAME, refusal, shown_name
from asr_core.pace import clock


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("talk.wav", "talk.wav"),
        ("../../../../tmp/pwned.wav", "pwned.wav"),
        ("..\\..\\pwned.wav", "pwned.wav"),
        ("C:\\Windows\\pwned.wav", "pwned.wav"),
        ("\\\\host\\share\\x.wav", "x.wav"),
        ("line\nbreak\t.wav", "line break .wav"),
        ("bell\x07\x1b[31mred.wav", "bell[31mred.wav"),
        ("a\x00.wav", "a.wav"),
        ("\u202egnp.wav", "gnp.wav"),
        ("\u2066x\u2069.wav", "x.wav"),
        ("采访录音 第一段.wav", "采访录音 第一段.wav"),
        ("אבגדה مقابلة.wav", "אבגדה مقابلة.wav"),
        ("👩‍👩‍👧.wav", "👩‍👩‍👧.wav"),
        (".wav", ".wav"),
        ("", "recording"),
        ("..", "recording"),
        ("folder/", "recording"),
        ("\udcff.wav", ".wav"),
    ],
)
def test_a_shown_name_is_the_base_name_without_marks(name, shown):
    assert shown_name(name) == shown


def test_a_long_name_keeps_its_beginning_and_its_extension():
    shown = shown_name("n" * 5000 + ".wav")
    assert len(shown) == MAX_NAME
    assert shown.startswith("nnn")
    assert shown.endswith("n.wav")


def test_a_refusal_names_the_file_what_was_found_and_what_to_do():
    expected = "Cannot read “a.wav”: it is empty. Record it again."
    assert str(refusal("a.wav", "it is empty", "Record it again.")) == expected


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.9, "0:00"), (192, "3:12"), (3599.9, "59:59"), (3727, "1:02:07")]
)
def test_times_read_like_a_clock(seconds, shown):
    assert clock(seconds) == shown
