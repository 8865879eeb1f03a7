"""Whole files to 16 kHz mono: formats, limits, and what is said about damage."""

import io
import struct

import numpy as np
import pytest
from scipy.signal import correlate

import asr_core.audio.decode as decode
from asr_core.audio import EXTENSIONS
from asr_core.audio.decode import SAMPLE_RATE, open_recording
from asr_core.errors import AudioDecodeError


def heard(data, name="talk.wav"):
    """All of a recording as one array, and the recording."""
    with open_recording(data, name) as recording:
        return np.concatenate(list(recording)), recording


def likeness(found, expected):
    """Highest correlation coefficient over shifts of up to 60 ms."""
    n = min(len(found), len(expected))
    a, b = found[:n] - found[:n].mean(), expected[:n] - expected[:n].mean()
    around = correlate(a, b, method="fft")[n - 960 : n + 960]
    return around.max() / np.sqrt((a**2).sum() * (b**2).sum())


@pytest.mark.parametrize("format", ["WAV", "FLAC", "AIFF", "RF64", "W64", "CAF", "AU"])
@pytest.mark.parametrize("channels", [1, 2])
def test_lossless_files_come_back_sample_for_sample(babble, file_of, format, channels):
    voice = babble(2.5)
    data = file_of(np.stack([voice] * channels, axis=1), SAMPLE_RATE, format)
    found, recording = heard(data)
    np.testing.assert_allclose(found, voice, atol=2 / 32768)
    assert found.dtype == np.float32
    assert recording.duration == pytest.approx(2.5)
    assert recording.notes == []


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("mp3", "libmp3lame", 44_100),
        ("ogg", "libopus", 48_000),
        ("ipod", "aac", 44_100),
        ("adts", "aac", 32_000),
        ("mp4", "aac", 48_000),
        ("mov", "pcm_s16le", 22_050),
        ("mov", "alac", 44_100),
        ("webm", "libopus", 48_000),
        ("matroska", "flac", 16_000),
    ],
)
def test_compressed_files_sound_like_the_original(babble, media_of, container, codec, rate):
    found, recording = heard(media_of(babble(3, rate=rate), rate, container, codec))
    expected = heard_at_16k(babble(3, rate=rate), rate)
    assert len(found) == pytest.approx(3 * SAMPLE_RATE, abs=0.1 * SAMPLE_RATE)
    assert likeness(found, expected) > 0.95
    assert recording.notes == []


def heard_at_16k(samples, rate):
    import librosa

    return librosa.resample(samples, orig_sr=rate, target_sr=SAMPLE_RATE)


@pytest.mark.parametrize("rate", [4000, 8000, 11_025, 15_991, 22_050, 44_100, 96_000, 192_000])
def test_every_sample_rate_keeps_pitch_and_length(file_of, rate):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(7 * rate) / rate)
    found, _ = heard(file_of(tone, rate, subtype="FLOAT"))
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(7 * SAMPLE_RATE) / SAMPLE_RATE)
    assert len(found) == len(expected)
    middle = slice(SAMPLE_RATE // 4, -SAMPLE_RATE // 4)
    np.testing.assert_allclose(found[middle], expected[middle], atol=1e-3)


def test_bytes_path_and_file_object_give_the_same(babble, file_of, tmp_path):
    data = file_of(babble(1), SAMPLE_RATE)
    path = tmp_path / "talk.wav"
    path.write_bytes(data)
    expected, _ = heard(data)
    sources = [bytearray(data), memoryview(data), path, io.BytesIO(data), OneWay(data)]
    for source in sources:
        np.testing.assert_array_equal(heard(source)[0], expected)


class OneWay(io.BytesIO):
    """Standard input, say: it cannot be read twice."""

    def seekable(self):
        return False

    def seek(self, *args):
        raise io.UnsupportedOperation("seek")


def test_the_name_is_for_messages_only_and_the_bytes_decide(babble, media_of):
    data = media_of(babble(1), SAMPLE_RATE, "mp3", "libmp3lame")
    found, recording = heard(data, "../../etc/talk\u202e.wav")
    assert len(found) == SAMPLE_RATE
    assert recording.name == "talk.wav"


def test_blocks_are_short_so_that_nothing_grows_with_the_recording(file_of):
    silence = file_of(np.zeros((60 * 44_100, 2)), 44_100, "FLAC")
    with open_recording(silence, "long.flac") as recording:
        lengths = [len(block) for block in recording]
    assert sum(lengths) == 60 * SAMPLE_RATE
    assert max(lengths) <= 10 * SAMPLE_RATE


def test_sixty_four_channels_are_mixed_and_more_are_refused(babble, file_of):
    wide = np.zeros((SAMPLE_RATE, 64), np.float32)
    wide[:, 36] = babble(1)
    found, _ = heard(file_of(wide, SAMPLE_RATE))
    np.testing.assert_allclose(found, wide[:, 36], atol=2e-3)
    with pytest.raises(AudioDecodeError, match="65 channels"):
        heard(file_of(np.zeros((100, 65)), SAMPLE_RATE))


@pytest.mark.parametrize("rate", [1000, 3999, 800_000])
def test_rates_that_carry_no_speech_are_refused_by_a_sentence(file_of, rate):
    with pytest.raises(AudioDecodeError, match=f"“talk.wav”: its sample rate is {rate:,} Hz"):
        heard(file_of(np.zeros(rate), rate))


def test_a_rate_below_the_telephone_is_read_with_a_note(file_of):
    _, recording = heard(file_of(np.zeros(6000), 6000))
    assert recording.notes == ["Its sample rate is only 6,000 Hz: expect errors."]


def test_numbers_that_are_none_become_silence_and_are_counted(babble, file_of):
    voice = babble(1)
    holes = voice.copy()
    holes[5000:5400], holes[100], holes[200] = np.nan, np.inf, -np.inf
    found, recording = heard(file_of(holes, SAMPLE_RATE, subtype="FLOAT"))
    finite = np.isfinite(holes)
    np.testing.assert_array_equal(found[finite], voice[finite])
    assert not found[~finite].any()
    assert recording.notes == ["The file holds 402 invalid samples, heard as silence."]


@pytest.mark.parametrize("scale", [3.0, 32_768.0, 1e30])
def test_floats_on_another_scale_keep_their_shape(babble, file_of, scale):
    voice = babble(2)
    found, _ = heard(file_of(voice / 0.3 * np.float32(scale), SAMPLE_RATE, subtype="FLOAT"))
    assert np.abs(found).max() <= 1
    assert likeness(found, voice) > 0.9


def test_a_cut_file_gives_what_is_there_and_says_where_it_ends(babble, file_of, media_of):
    voice = babble(75)
    mp4 = media_of(voice, SAMPLE_RATE, "mov", "pcm_s16le")
    files = [
        file_of(voice, SAMPLE_RATE),
        file_of(voice, SAMPLE_RATE, "AIFF"),
        file_of(voice, SAMPLE_RATE, "FLAC"),
        media_of(voice, SAMPLE_RATE, "mp3", "libmp3lame"),
    ]
    for data in files:
        found, recording = heard(data[: len(data) * 9 // 10])
        assert 60 < len(found) / SAMPLE_RATE < 71
        assert recording.notes == [
            f"The file ends early, at 1:0{int(len(found) / SAMPLE_RATE) % 60}."
        ]
    with pytest.raises(AudioDecodeError, match="damaged or not a recording"):
        heard(mp4[: len(mp4) // 2])  # its index stood at the end


def test_a_stream_that_starts_late_begins_with_silence(babble, media_of):
    found, _ = heard(media_of(babble(2), SAMPLE_RATE, "matroska", "flac", late=5))
    assert len(found) == 7 * SAMPLE_RATE
    assert not found[: 5 * SAMPLE_RATE].any()
    assert likeness(found[5 * SAMPLE_RATE :], babble(2)) > 0.99


def test_damage_in_the_middle_is_told_and_keeps_the_times_of_what_follows(babble, media_of):
    voice = babble(30)
    data = bytearray(media_of(voice, SAMPLE_RATE, "matroska", "flac"))
    for start in range(len(data) // 2, len(data) // 2 + 60_000, 50):
        data[start] ^= 0xFF
    found, recording = heard(bytes(data))
    assert likeness(found[-4 * SAMPLE_RATE :], voice[-4 * SAMPLE_RATE :]) > 0.99
    assert any("a part is missing at 0:1" in note for note in recording.notes)


def test_reading_stops_at_the_limit_of_decoded_sound(file_of, monkeypatch):
    monkeypatch.setattr(decode, "MAX_DURATION", 65.0)
    found, recording = heard(file_of(np.zeros(200 * SAMPLE_RATE), SAMPLE_RATE, "FLAC"))
    assert 65 <= len(found) / SAMPLE_RATE < 70
    assert recording.notes == ["Only the first 1:05 was read. Split the file to read on."]
    monkeypatch.setattr(decode, "MAX_VALUES", 16 * SAMPLE_RATE)
    found, _ = heard(file_of(np.zeros((30 * SAMPLE_RATE, 8)), SAMPLE_RATE, "FLAC"))
    assert 1 <= len(found) / SAMPLE_RATE <= 2


def test_a_header_that_promises_more_than_ten_hours_is_not_believed(file_of):
    data = bytearray(file_of(np.zeros(SAMPLE_RATE), SAMPLE_RATE))
    struct.pack_into("<I", data, 4, 0xFFFFFFFF)
    struct.pack_into("<I", data, 40, 0xFFFFFFFF)
    found, recording = heard(bytes(data))
    assert len(found) == SAMPLE_RATE
    assert recording.notes == []


def test_a_film_without_sound_is_told_from_a_broken_file(film_of):
    with pytest.raises(AudioDecodeError, match="a video without a sound track"):
        heard(film_of(), "film.mp4")


def test_the_extensions_are_plain_lower_case_words():
    assert {"wav", "flac", "mp3", "ogg", "opus", "m4a", "mp4", "webm", "aiff"} <= set(EXTENSIONS)
    assert all(extension == extension.lower().strip(".") for extension in EXTENSIONS)


def test_the_same_talk_in_three_formats_gives_the_same_sound(shared_folder):
    files = sorted((shared_folder / "eval" / "formats").glob("bilingual_stereo_44k.*"))
    assert len(files) == 3
    first, *others = (heard(path, path.name)[0][: 30 * SAMPLE_RATE] for path in files)
    for other in others:
        assert likeness(other, first) > 0.95
