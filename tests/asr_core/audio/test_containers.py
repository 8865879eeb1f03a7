"""No file may make a decoder open another file or a port, or start a decoder of pictures."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from asr_core.audio.containers import DECODERS, DEMUXERS, MediaReader, PcmReader, open_container
from asr_core.audio.decode import open_recording
from asr_core.audio.source import Source
from asr_core.errors import AudioDecodeError

PROJECT = Path(__file__).resolve().parents[3]

PLAY_LISTS = {
    "ffconcat": "ffconcat version 1.0\nfile plain.flac\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=audio 5004 RTP/AVP 0\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nplain.flac\n#EXT-X-ENDLIST\n",
    "pls": "[playlist]\nFile1=plain.flac\nNumberOfEntries=1\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
    '<Period><AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1"><BaseURL>'
    "plain.flac</BaseURL></Representation></AdaptationSet></Period></MPD>",
}


@pytest.fixture
def neighbor(babble, file_of, tmp_path, monkeypatch):
    """The working directory, with a recording in it that a play list may name."""
    (tmp_path / "plain.flac").write_bytes(file_of(babble(1), 16_000, "FLAC"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("text", PLAY_LISTS.values(), ids=PLAY_LISTS)
def test_a_play_list_named_like_a_recording_is_text(neighbor, text):
    with pytest.raises(AudioDecodeError, match=r"“talk\.wav”: it is text"):
        open_recording(text.encode(), "talk.wav")


def test_without_the_lists_a_play_list_would_be_followed(neighbor, monkeypatch):
    """What the test above would see if the lists did nothing."""
    monkeypatch.setattr("asr_core.audio.containers.DEMUXERS", f"{DEMUXERS},concat")
    monkeypatch.setattr("asr_core.audio.containers.PROTOCOLS", "pipe,file")
    with open_recording(PLAY_LISTS["ffconcat"].encode(), "talk.wav") as recording:
        assert sum(len(block) for block in recording) == 16_000


CHILD = """
import io, os, sys
sys.path.insert(0, sys.argv[1])
from asr_core.audio.decode import open_recording
from asr_core.errors import AudioDecodeError
texts = [os.fsencode(text) for text in sys.argv[2:]]
def read(data):
    try:
        with open_recording(data, "talk.wav") as recording:
            return sum(len(block) for block in recording)
    except AudioDecodeError:
        return 0
own = open("plain.flac", "rb").read()
assert read(own) == 16_000  # everything is imported by now
os.path.exists("/begin")
assert [read(data) for data in (*texts, own)] == [0] * len(texts) + [16_000]
os.path.exists("/end")
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace to see system calls")
def test_decoding_opens_no_file_and_no_socket(neighbor):
    trace = ["strace", "-f", "-e", "trace=%file,%network,io_uring_setup", "-o", "calls"]
    run = subprocess.run(
        [*trace, sys.executable, "-c", CHILD, str(PROJECT), *PLAY_LISTS.values()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    if "ptrace" in run.stderr.lower():
        pytest.skip("tracing is not allowed here")
    assert run.returncode == 0, run.stderr
    calls = (neighbor / "calls").read_text()
    found = re.search(r'"/begin".*?\n(.*)^.*"/end"', calls, re.DOTALL | re.MULTILINE)
    assert found is not None
    assert found[1] == ""


def test_pcm_goes_to_libsndfile_and_everything_else_to_ffmpeg(babble, file_of, media_of):
    voice = babble(1)
    for data in (file_of(voice, 16_000), file_of(voice, 16_000, "AIFF", "FLOAT")):
        assert isinstance(open_container(Source(data)), PcmReader)
    for data in (
        file_of(voice, 16_000, "FLAC"),
        file_of(voice, 16_000, "OGG", "VORBIS"),
        file_of(voice, 16_000, "WAV", "IMA_ADPCM"),
        media_of(voice, 16_000, "mp3", "libmp3lame"),
    ):
        assert isinstance(open_container(Source(data)), MediaReader)


def test_both_readers_hear_the_same(babble, file_of):
    data = file_of(babble(1), 16_000, "WAV", "PCM_24")
    pcm, media = PcmReader(Source(data)), MediaReader(Source(data))
    assert pcm.duration == pytest.approx(media.duration)
    heard = [b"".join(chunk.samples.tobytes() for chunk in r.chunks()) for r in (pcm, media)]
    assert heard[0] == heard[1]


def test_a_wav_whose_recorder_died_before_writing_the_length_is_read(babble, file_of):
    data = bytearray(file_of(babble(1), 16_000))
    data[4:8] = data[40:44] = bytes(4)
    with open_recording(bytes(data), "talk.wav") as recording:
        assert sum(len(block) for block in recording) == 16_000


def test_only_sound_decoders_are_admitted():
    kinds = {av.Codec(name, "r").type for name in DECODERS if not name.startswith("pcm_")}
    assert kinds == {"audio"}


def test_a_cover_picture_is_never_decoded(babble, file_of):
    """A PNG that claims 60,000 x 60,000 pixels stands before the sound."""
    size = (60_000).to_bytes(4, "big") * 2
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + size + b"\x08\x02\0\0\0\0\0\0\0" + os.urandom(2000)
    body = b"\0image/png\0\x03\0" + png
    frame = b"APIC" + synchsafe(len(body)) + b"\0\0" + body
    tag = b"ID3\x04\0\0" + synchsafe(len(frame)) + frame
    with open_recording(tag + file_of(babble(1), 16_000, "MP3"), "song.mp3") as recording:
        assert sum(len(block) for block in recording) == 16_000


def synchsafe(number):
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))


def test_tags_in_no_known_encoding_do_not_matter(babble, file_of):
    text = b"\x03\xff\xfe\xfa broken"
    frame = b"TIT2" + synchsafe(len(text)) + b"\0\0" + text
    data = b"ID3\x04\0\0" + synchsafe(len(frame)) + frame + file_of(babble(1), 16_000, "MP3")
    with open_recording(data, "song.mp3") as recording:
        assert sum(len(block) for block in recording) == 16_000


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_are_no_recording(seed):
    data = np.random.default_rng(seed).bytes(300_000)
    with pytest.raises(AudioDecodeError):
        list(open_recording(data, "random.mp3"))
