"""The length of a recording is in its header, and its header at one of its ends."""

import numpy as np
import pytest

from asr_core.errors import AudioDecodeError
from asr_core.sandbox import Sandbox
from asr_core.sandbox.sketch import header_duration


def sketch(data, end):
    return data[:end] + data[-end:] if len(data) > 2 * end else data


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("mp3", "libmp3lame", 44_100),
        ("ogg", "libopus", 48_000),
        ("ipod", "aac", 44_100),  # its index stands at the end
        ("mov", "pcm_s16le", 16_000),
        ("matroska", "flac", 16_000),
    ],
)
def test_two_ends_tell_the_length(babble, media_of, container, codec, rate):
    data = media_of(np.tile(babble(3, rate=rate), 10), rate, container, codec)
    assert len(data) > 130_000
    found = header_duration(Sandbox(), sketch(data, 60_000), len(data), "talk")
    assert found == pytest.approx(30, abs=0.5)


@pytest.mark.parametrize("format", ["WAV", "FLAC", "AIFF"])
def test_two_ends_of_a_lossless_file_tell_the_length(babble, file_of, format):
    data = file_of(np.tile(babble(3), 10), 16_000, format)
    assert header_duration(Sandbox(), sketch(data, 60_000), len(data), "talk") == pytest.approx(30)
    assert header_duration(Sandbox(), data, len(data), "talk") == pytest.approx(30)


def test_what_was_given_whole_and_is_no_recording_is_refused():
    with pytest.raises(AudioDecodeError, match=r"“notes\.wav”: it is text"):
        header_duration(Sandbox(), b"milk, bread\n" * 50, 600, "notes.wav")


def test_what_was_given_in_part_may_be_a_recording_all_the_same():
    assert header_duration(Sandbox(), b"milk, bread\n" * 50, 10_000, "notes.wav") is None
