"""Every hostile file ends in sound or in one sentence, in time and in bounded memory."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from asr_core.audio import decode
from asr_core.audio.naming import shown_name
from asr_core.errors import AudioDecodeError
from asr_core.sandbox import Sandbox

PROJECT = Path(__file__).resolve().parents[3]
LIMIT = 60.0  # seconds a file may take; most take milliseconds

BROKEN = """
    one_byte.wav riff_only.wav truncated_in_fmt.wav no_data_chunk.wav rate_0.wav rate_max.wav
    rate_min_int.wav chunk_wrap.wav mp3_id3_lies.mp3 mp3_tag_only.mp3 flac_header_only.flac
    ogg_cut.ogg mp4_no_moov.m4a mp4_nested.m4a random.mp3
"""
WHOLE = """
    data_before_fmt.wav odd_bytes.wav size_says_2gb.wav size_ffffffff.wav size_zero.wav
    rate_prime.wav block_align_0.wav byte_rate_wrong.wav info_loop.wav many_chunks.wav
    trailing_garbage.wav polyglot_zip.wav pcm24.wav pcm32.wav pcm_u8.wav float64.wav mulaw.wav
    alaw.wav ima_adpcm.wav gsm610.wav plain.aiff plain.au plain.caf plain.w64 plain.rf64 plain.flac
    plain.ogg plain.opus plain.mp3 mp3_named.wav flac_named.mp3 no_extension UPPER.WAV
    rate_384k.wav channels_64.wav right_only.wav antiphase.wav nan_burst.wav inf.wav float_1e30.wav
    float_1e-30.wav quiet_60db.wav clipped.wav dc_offset.wav silence_3s.wav mp3_big_cover.mp3
    mp3_garbage_front.mp3 ogg_chained.ogg target.wav link.wav same/a/talk.wav
    video_audio.mp4 video_audio.mkv two_tracks.mkv voice_memo.m4a fragmented.mp4 browser.webm
    adts.aac wma.wma
"""
TEXT = "text.mp3 hls.mp3 hls_file.wav hls_concat.m4a ffconcat.wav pls.mp3 sdp.wav dash.m4a"
PACKED = "bits_0.wav bits_65535.wav codec_unknown.wav extensible_unknown.wav"

# What becomes of each: seconds of sound, or what the sentence says was found.
OUTCOMES: dict[str, float | str] = {
    **dict.fromkeys(BROKEN.split(), "it is damaged or not a recording"),
    **dict.fromkeys(WHOLE.split(), 3.0),
    **dict.fromkeys(TEXT.split(), "it is text"),
    **dict.fromkeys(PACKED.split(), "its sound is packed in a way we do not know"),
    **dict.fromkeys(["channels_0.wav", "channels_65535.wav"], "what is inside cannot be decoded"),
    **dict.fromkeys(["mp4_no_track.mp4", "mp4_box_loop.m4a"], "it has no sound track"),
    **dict.fromkeys(["missing.wav", "link_gone.wav"], "there is no such file"),
    **dict.fromkeys(["fifo.wav", "dev_zero.wav"], "it is not a regular file"),
    # The superuser may read what nobody may read, and finds four bytes.
    "unreadable.wav": "you have no permission to read it"
    if getattr(os, "geteuid", lambda: 1)()
    else "it is damaged or not a recording",
    "zero_bytes.wav": "it is empty",
    "header_only.wav": "it holds no sound",
    "rate_1.wav": "its sample rate is 1 Hz",
    "rate_1000.wav": "its sample rate is 1,000 Hz",
    "html.wav": "it is a web page",
    "pdf.m4a": "it is a PDF document",
    "elf.flac": "it is a program",
    "zip.ogg": "it is a ZIP archive or an office document",
    "gzip_bomb.wav": "it is a compressed archive",
    "png.mp3": "it is a picture",
    "link_loop.wav": "it is a link that leads back to itself",
    "folder.wav": "it is a folder",
    "size_too_small.wav": 1.5,
    "same/b/talk.wav": 1.5,
    "bits_7.wav": 6.0,
    "nan_all.wav": 1.0,
    "one_sample.wav": 0.0,
    "ten_ms.wav": 0.01,
    "noise_30s.wav": 30.0,
    "tone_10s.wav": 10.0,
    "silence_10min.flac": 600.0,
    "speech_after_silence.flac": 123.0,
    "mp3_cut.mp3": 2.0,
    "flac_cut.flac": 1.3,
    "flac_damaged.flac": 2.75,
    "ogg_hole.ogg": 0.7,
    "bomb_flac_8ch.flac": 273.1,
    "bomb_flac_13h.flac": 36_000.0,
    "video_only.mp4": "it is a video without a sound track",
    "late_start.m4a": 8.0,
}


@pytest.fixture(scope="session")
def bad_audio(shared_folder, tmp_path_factory):
    """Folder of the files, and their rows of the manifest by name."""
    folder = tmp_path_factory.mktemp("bad")
    tool = shared_folder / "tools" / "make_bad_audio.py"
    subprocess.run([sys.executable, tool, folder], check=True, capture_output=True)
    rows = json.loads((folder / "manifest.json").read_text())
    return folder, {row["name"]: row for row in rows}


@pytest.fixture(scope="module")
def open_recording():
    """Opens recordings as the program opens a stranger's; the next process starts meanwhile."""
    spare = [Sandbox()]

    def opened(*recording):
        spare.append(Sandbox())
        return spare.pop(0).open(*recording)

    yield opened
    spare[0].close()


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_file_ends_as_it_should(bad_audio, open_recording, name):
    folder, rows = bad_audio
    if name not in rows:
        pytest.skip("the tool makes this file only where there is an ffmpeg program")
    expected, began = OUTCOMES[name], time.monotonic()
    shown = shown_name(rows[name]["upload_name"])
    if isinstance(expected, str):
        with pytest.raises(AudioDecodeError) as caught:
            open_recording(folder / name, rows[name]["upload_name"])
        said = str(caught.value)
        assert said.startswith(f"Cannot read “{shown}”: {expected}. ")
        assert said.count(". ") <= 2
        assert str(folder) not in said
    else:
        n_samples = 0
        with open_recording(folder / name, rows[name]["upload_name"]) as recording:
            assert recording.name == shown
            for block in recording:
                n_samples += len(block)
                assert block.dtype == np.float32
                assert block.ndim == 1
                assert np.abs(block).max() <= 1  # False for NaN
        assert n_samples / 16_000 == pytest.approx(expected, abs=0.15, rel=0.001)
    assert time.monotonic() - began < LIMIT


def test_a_recording_of_any_name_is_read(bad_audio):
    folder, rows = bad_audio
    named = [row for row in rows.values() if row["kind"] == "name" and row["name"] not in OUTCOMES]
    assert len(named) > 25
    for row in named:
        with decode.open_recording(folder / row["path"], row["upload_name"]) as recording:
            assert sum(len(block) for block in recording) == 48_000
            assert recording.name.isprintable() or "\u200d" in recording.name
            assert not set(recording.name) & set("/\\\n\u202e")


def test_no_bad_file_is_forgotten(bad_audio):
    _, rows = bad_audio
    assert {name for name, row in rows.items() if row["kind"] != "name"} <= set(OUTCOMES)


MEASURE = """
import io, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from asr_core.audio.decode import open_recording
from asr_core.audio.resample import prepare
from asr_core.audio.segment import speech_windows
import numpy as np
prepare()
list(speech_windows([np.ones(16_000, np.float32)]))
unit = 2**20 if sys.platform == "darwin" else 2**10
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
before = peak()
for path in sys.argv[2:]:
    with open_recording(Path(path), "x") as recording:
        assert not list(speech_windows(recording))
    print(peak() - before)
"""


def sparse_wav(path: Path, hours: float, rate: int, channels: int) -> Path:
    """A WAV of silence that takes no room on the disk."""
    n_bytes = int(hours * 3600) * rate * channels * 2
    rest = [1, channels, rate, rate * channels * 2, channels * 2, 16]
    widths = [2, 2, 4, 4, 2, 2]
    fmt = b"".join(n.to_bytes(w, "little") for n, w in zip(rest, widths, strict=True))
    head = b"RIFF" + (n_bytes + 36).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0" + fmt
    with open(path, "wb") as file:
        file.write(head + b"data" + n_bytes.to_bytes(4, "little"))
        file.truncate(n_bytes + 44)
    return path


@pytest.mark.skipif(importlib.util.find_spec("resource") is None, reason="needs Unix to measure")
def test_memory_does_not_grow_with_the_recording(tmp_path, file_of):
    long = sparse_wav(tmp_path / "long.wav", 0.25, 44_100, 2)
    wide = sparse_wav(tmp_path / "wide.wav", 0.002, 192_000, 64)
    packed = tmp_path / "packed.flac"
    packed.write_bytes(file_of(np.zeros((5 * 60 * 48_000, 2), np.int16), 48_000, "FLAC"))
    command = [sys.executable, "-c", MEASURE, PROJECT, packed, wide, long]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert max(map(float, run.stdout.split())) < 80  # MB, of 320 MB as 32-bit floats each
