"""Parts of recordings: how people write them, and that exactly they are heard."""

import math

import numpy as np
import pytest

from asr_core.audio.clip import FIRST_MINUTE, WHOLE, Clip, clip_between, seconds
from asr_core.audio.decode import SAMPLE_RATE, open_recording
from asr_core.audio.segment import speech_windows
from asr_core.errors import AsrError, AudioDecodeError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90", 90),
        ("1:30", 90),
        ("01:30", 90),
        ("1:02:03", 3723),
        (" 0:07.5 ", 7.5),
        ("90:00", 5400),
        ("1：30", 90),
        ("0", 0),
    ],
)
def test_a_time_is_read_as_people_write_it(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "-1", "1:75", "1:60:00", "1:2:3:4", "1e5", "nan"])
def test_nonsense_is_no_time_and_said_so(text):
    with pytest.raises(AsrError, match=r"is no time\. Write it like 90, 1:30 or 1:02:03\."):
        seconds(text)


def test_nothing_written_is_the_very_end():
    assert clip_between("", " ") is not None
    assert clip_between("", "").is_whole
    assert clip_between("1:00", "") == Clip(60.0, math.inf)
    assert clip_between("", "60") == FIRST_MINUTE


def test_a_part_that_holds_nothing_is_refused():
    with pytest.raises(AsrError, match="from 2:00 to 1:00 holds nothing"):
        clip_between("2:00", "1:00")


def test_a_part_knows_its_length_as_far_as_it_can_be_known():
    assert FIRST_MINUTE.length(None) == 60
    assert FIRST_MINUTE.length(40) == 40
    assert WHOLE.length(None) is None
    assert WHOLE.length(40) == 40
    assert Clip(30).length(20) == 0


def heard(data, clip, name="talk.wav"):
    with open_recording(data, name, clip) as recording:
        return np.concatenate(list(recording)), recording


@pytest.mark.parametrize("format", ["WAV", "FLAC"])
@pytest.mark.parametrize(
    "clip", [Clip(0, 2.5), Clip(1.25, 2.5), Clip(3.0), Clip(0.1, 0.2), Clip(5.9, 99)]
)
def test_exactly_the_part_is_heard(babble, file_of, format, clip):
    voice = babble(6)
    found, recording = heard(file_of(voice, SAMPLE_RATE, format), clip)
    expected = voice[round(clip.start * SAMPLE_RATE) :][
        : round((min(6, clip.stop) - clip.start) * SAMPLE_RATE)
    ]
    np.testing.assert_allclose(found, expected, atol=2 / 32768)
    assert recording.duration == pytest.approx(6)
    assert recording.heard == pytest.approx(min(6, clip.stop))


def test_a_part_of_another_rate_is_as_long_as_it_should_be(babble, file_of):
    found, _ = heard(file_of(babble(6, rate=44_100), 44_100), Clip(1.0, 3.5))
    assert len(found) == pytest.approx(2.5 * SAMPLE_RATE, abs=2)


def test_the_reader_is_told_that_only_a_part_was_heard(babble, file_of):
    data = file_of(babble(6), SAMPLE_RATE)
    assert heard(data, Clip(1, 3))[1].notes == ["Only a part was heard: 0:01 to 0:03."]
    assert heard(data, Clip(4))[1].notes == ["Only a part was heard: 0:04 to 0:06."]
    assert heard(data, FIRST_MINUTE)[1].notes == []  # all of it was heard


def test_a_part_behind_the_end_is_refused_with_the_length(babble, file_of):
    with pytest.raises(AudioDecodeError, match="it ends at 0:06, before the part to be heard"):
        heard(file_of(babble(6), SAMPLE_RATE), Clip(10))


def test_windows_of_a_part_have_the_times_of_the_whole(babble, file_of):
    sound = np.concatenate([babble(2), np.zeros(48_000, np.float32), babble(3)])
    data = file_of(sound, SAMPLE_RATE)
    with open_recording(data, "talk.wav") as recording:
        whole = list(speech_windows(recording))
    with open_recording(data, "talk.wav", Clip(4.0)) as recording:
        (part,) = speech_windows(recording, offset=recording.clip.start)
    assert part.start == pytest.approx(whole[-1].start, abs=0.1)
    assert part.end == pytest.approx(whole[-1].end, abs=0.1)
    assert part.spans[0][0] == part.start
