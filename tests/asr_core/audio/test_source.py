"""Bytes from anywhere, but never a wait for ever."""

import errno
import io
import os
import time

import pytest

import asr_core.audio.source as source
from asr_core.audio.decode import open_recording
from asr_core.audio.source import Source, UnreadableError
from asr_core.errors import AudioDecodeError


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO])
def test_memory_reads_and_seeks_like_a_file(kind):
    data = bytes(range(100))
    with Source(kind(data)) as opened:
        assert opened.size() == 100
        assert opened.read(3) == data[:3]
        assert opened.seek(-2, os.SEEK_END) == 98
        assert opened.read(5) == data[98:]
        assert opened.read(5) == b""
        assert opened.head(4) == data[:4]
        assert opened.tell() == 0


def test_a_callers_file_stays_open():
    file = io.BytesIO(b"abc")
    Source(file).close()
    assert file.read() == b"abc"


def test_a_decoder_that_gives_nothing_meets_the_end(monkeypatch):
    monkeypatch.setattr(source, "STALL", 0.05)
    opened = Source(bytes(10))
    assert opened.read(1) == b"\0"
    time.sleep(0.1)
    assert opened.read(1) == b""
    assert opened.gave_out


def test_progress_gives_the_decoder_new_time(monkeypatch):
    monkeypatch.setattr(source, "STALL", 0.05)
    opened = Source(bytes(10))
    time.sleep(0.1)
    opened.progress()
    assert opened.read(1) == b"\0"


class FailingDisk(io.BytesIO):
    def read(self, size=-1):
        if self.tell() > 100_000:
            raise OSError(errno.EIO, "unplugged")
        return super().read(size)


@pytest.mark.parametrize("format", ["WAV", "FLAC"])
def test_a_disk_that_fails_ends_the_recording_early(babble, file_of, format):
    disk = FailingDisk(file_of(babble(60), 16_000, format))
    with open_recording(disk, "talk") as recording:
        n_samples = sum(len(block) for block in recording)
    assert 16_000 < n_samples < 30 * 16_000
    assert recording.notes[-1].startswith("The file ends early, at 0:0")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes and links in the file system")
def test_only_regular_files_are_opened_and_each_other_kind_has_its_sentence(tmp_path):
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    (tmp_path / "folder.wav").mkdir()
    os.mkfifo(tmp_path / "fifo.wav")
    sentences = {
        "missing.wav": "there is no such file",
        "loop.wav": "it is a link that leads back to itself",
        "folder.wav": "it is a folder",
        "zero.wav": "it is not a regular file",
        "fifo.wav": "it is not a regular file",
        "n" * 300: "its name is too long",
    }
    for name, found in sentences.items():
        with pytest.raises(AudioDecodeError, match=found) as caught:
            open_recording(tmp_path / name, name)
        assert str(tmp_path) not in str(caught.value)


def test_a_name_with_a_nul_is_no_file(tmp_path):
    with pytest.raises(AudioDecodeError, match="there is no such file"):
        open_recording(tmp_path / "a\0.wav", "a.wav")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_to_a_recording_is_followed(babble, file_of, tmp_path):
    (tmp_path / "real.wav").write_bytes(file_of(babble(1), 16_000))
    (tmp_path / "link.wav").symlink_to("real.wav")
    with open_recording(tmp_path / "link.wav", "link.wav") as recording:
        assert sum(len(block) for block in recording) == 16_000


def test_a_refused_file_is_closed_again(tmp_path):
    path = tmp_path / "notes.wav"
    path.write_bytes(b"milk, bread\n" * 50)
    before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    if before is None:
        pytest.skip("needs /proc to see open files")
    for _ in range(3):
        with pytest.raises(AudioDecodeError, match="it is text"):
            open_recording(path, path.name)
    assert set(os.listdir("/proc/self/fd")) == before


def test_endless_input_that_cannot_seek_is_refused(monkeypatch):
    monkeypatch.setattr(source, "MAX_STREAM", 1000)

    class Endless(io.RawIOBase):
        def seekable(self):
            return False

        def read(self, size=-1):
            return bytes(size)

    with pytest.raises(UnreadableError, match="more than 2 GB"):
        Source(Endless())
