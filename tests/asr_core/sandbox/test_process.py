"""Strangers' recordings: the same sound as decoded here, and no harm from a decoder gone wrong."""

import io
import os
import signal
import struct
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asr_core.audio import decode
from asr_core.audio.clip import WHOLE, Clip
from asr_core.errors import AudioDecodeError
from asr_core.sandbox import Sandbox, frames, process

POSIX = pytest.mark.skipif(os.name == "nt", reason="the kernel's limits are POSIX")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

CRASHED = "Cannot read “talk”: the decoder stopped working on it. Convert it to WAV with another"


def noise(seconds, rate=16_000, format="FLAC"):
    """A recording of noise, which takes room in any format."""
    file = io.BytesIO()
    sound = 0.1 * np.random.default_rng(0).standard_normal(int(seconds * rate))
    soundfile.write(file, sound, rate, format=format)
    return file.getvalue()


def heard(opened):
    with opened as recording:
        return np.concatenate(list(recording)), recording


@pytest.mark.parametrize("clip", [WHOLE, Clip(1.5, 3.0)])
@pytest.mark.parametrize(("rate", "format"), [(16_000, "WAV"), (44_100, "FLAC"), (48_000, "OGG")])
def test_the_sound_is_the_same_as_decoded_here(rate, format, clip):
    data = noise(4, rate, format)
    expected, here = heard(decode.open_recording(data, "talk.x", clip))
    found, there = heard(Sandbox().open(data, "a/talk.x", clip))
    np.testing.assert_array_equal(found, expected)
    assert (there.name, there.notes) == (here.name, here.notes)
    assert (there.duration, there.heard) == (here.duration, here.heard)


def test_notes_and_refusals_come_through():
    whole = noise(20)
    _, cut = heard(Sandbox().open(whole[: len(whole) * 3 // 4], "talk"))
    assert cut.notes == ["The file ends early, at 0:14."]
    with pytest.raises(AudioDecodeError, match=r"Cannot read “talk”: it is text\. Use WAV"):
        Sandbox().open(b"milk, bread\n" * 50, "talk")
    with pytest.raises(AudioDecodeError, match="there is no such file"):
        Sandbox().open(Path("/no/such/talk"), "talk")
    with pytest.raises(AudioDecodeError, match="it is empty"):
        Sandbox().open(b"", "talk")


def test_a_path_and_a_pipe_are_read_like_bytes(tmp_path):
    data = noise(2)
    (tmp_path / "talk").write_bytes(data)

    class OneWay(io.BytesIO):
        def seekable(self):
            return False

    expected, _ = heard(Sandbox().open(data, "talk"))
    for source in (tmp_path / "talk", OneWay(data), memoryview(data)):
        np.testing.assert_array_equal(heard(Sandbox().open(source, "talk"))[0], expected)


def test_a_disk_that_fails_ends_the_recording_early():
    class Failing(io.BytesIO):
        def read(self, size=-1):
            if self.tell() >= 1_000_000:
                raise OSError("unplugged")
            return super().read(size)

    found, recording = heard(Sandbox().open(Failing(noise(100)), "talk"))
    assert 16_000 < len(found) < 90 * 16_000
    assert recording.notes[-1].startswith("The file ends early, at 0:")


@LINUX
def test_the_process_has_no_file_no_name_and_little_memory():
    sandbox = Sandbox()
    with sandbox.open(noise(60), "secret-name.flac") as recording:
        next(iter(recording))
        folder = Path(f"/proc/{sandbox.process.pid}")
        assert b"secret-name" not in (folder / "cmdline").read_bytes()
        limits = (folder / "limits").read_text()
        for name in ("open files", "file size", "core file size"):
            assert f"Max {name} ".ljust(26) + "0" in limits
        assert f"Max data size             {1 << 30}" in limits
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        assert int(status["VmHWM"].split()[0]) < 200_000  # kB
        assert status["NoNewPrivs"].strip() == "1"
    assert not sandbox.alive


@LINUX
def test_it_has_no_network_of_ours(may_leave_network):
    if not may_leave_network:
        pytest.skip("this system lets no process leave the network")
    with Sandbox().open(noise(60), "talk") as recording:
        process = recording._sound._sandbox.process
        ours, its = (Path(f"/proc/{pid}/ns/net").readlink() for pid in ("self", process.pid))
    assert its != ours


@LINUX
def test_it_opens_no_file_however_it_tries():
    """What `confine` promises, asked of the kernel by Python and by compiled code."""
    import subprocess

    program = (
        "import ctypes, os, socket, sys\n"
        "from asr_core.sandbox.confinement import confine\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "confine()\n"
        "def refused(call):\n"
        "    try: call()\n"
        "    except (OSError, MemoryError): return True\n"
        "assert refused(lambda: open('/etc/hostname'))\n"
        "assert refused(lambda: socket.socket())\n"
        "assert refused(lambda: os.pipe())\n"
        "assert libc.open(b'/etc/hostname', 0) == -1\n"
        "assert libc.socket(2, 1, 0) == -1\n"
        "assert refused(lambda: bytearray(1 << 30))\n"
        "os.write(1, b'held')\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert (run.stdout, run.stderr) == (b"held", b"")


@LINUX
def test_our_memory_does_not_grow_when_we_are_slower_than_the_decoder():
    sandbox = Sandbox()
    with sandbox.open(noise(120), "talk") as recording:
        next(iter(recording))
        time.sleep(1.0)
        assert recording._sound._frames.qsize() <= process.AHEAD


@POSIX
@pytest.mark.parametrize("killer", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_crash_in_the_middle_is_a_sentence_after_the_sound_so_far(killer):
    sandbox = Sandbox()
    with sandbox.open(noise(300), "talk") as recording:
        blocks = iter(recording)
        assert len(next(blocks)) == 80_000
        os.kill(sandbox.process.pid, killer)
        with pytest.raises(AudioDecodeError, match=CRASHED):
            list(blocks)
    assert not sandbox.alive


@POSIX
def test_a_crash_before_the_recording_comes_is_the_same_sentence():
    sandbox = Sandbox()
    sandbox.process.kill()
    with pytest.raises(AudioDecodeError, match=CRASHED):
        sandbox.open(noise(1), "talk")


@POSIX
def test_a_decoder_that_gives_nothing_is_ended(monkeypatch):
    monkeypatch.setattr(process, "IDLE_S", 1.0)
    sandbox = Sandbox()
    with sandbox.open(noise(300), "talk") as recording:
        blocks = iter(recording)
        next(blocks)
        os.kill(sandbox.process.pid, signal.SIGSTOP)
        with pytest.raises(AudioDecodeError, match="decoding it takes far too long"):
            list(blocks)
    assert not sandbox.alive


@POSIX
def test_a_decoder_that_trickles_is_ended(monkeypatch):
    monkeypatch.setattr(process, "SPARE_S", 0.0)
    monkeypatch.setattr(process, "SHARE", 0.0)
    with pytest.raises(AudioDecodeError, match="decoding it takes far too long"):
        heard(Sandbox().open(noise(60), "talk"))


def test_nothing_is_left_running_when_a_recording_is_closed_early(tmp_path):
    path = tmp_path / "talk.flac"
    path.write_bytes(noise(300))
    sandbox = Sandbox()
    before = threading.active_count()
    with sandbox.open(path, "talk") as recording:
        next(iter(recording))
    assert not sandbox.alive
    assert threading.active_count() == before
    assert recording._sound._file.closed
    recording.close()


@LINUX
def test_the_process_ends_with_ours():
    import subprocess

    program = (
        "import os, time\n"
        "from asr_core.sandbox import Sandbox\n"
        "print(Sandbox().process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        time.sleep(0.5)
        parent.kill()
    end = time.monotonic() + 5.0
    while os.path.exists(f"/proc/{pid}/exe") and time.monotonic() < end:
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{pid}/exe")


LIAR = """
import os, sys
said = bytes.fromhex(sys.argv[1])
os.write(1, b"r\\0\\0\\0\\0")
os.read(0, 1000)
os.write(1, said)
sys.stdin.buffer.read()
"""


def frame(kind, body=b""):
    return struct.pack("<cI", kind, len(body)) + body


OPENED = frame(b"o", struct.pack("<Id", 16_000, 1.0))
SAMPLES = struct.pack("<I2f", 16_000, 0.5, 0.5)

LIES = {
    "no frame": b"HTTP/1.1 200 OK\r\n\r\n",
    "an endless frame": struct.pack("<cI", b"s", 0xFFFFFFFF),
    "sound before it is opened": frame(b"s", SAMPLES),
    "a rate of 0 Hz": frame(b"o", struct.pack("<Id", 0, 1.0)),
    "a length that is no number": frame(b"o", struct.pack("<Id", 16_000, float("nan"))),
    "half an opening": frame(b"o", b"\0\0"),
    "NaN": OPENED + frame(b"s", struct.pack("<I2f", 16_000, 0.5, float("nan"))),
    "infinity": OPENED + frame(b"s", struct.pack("<I2f", 16_000, 0.5, float("-inf"))),
    "too loud": OPENED + frame(b"s", struct.pack("<I2f", 16_000, 0.5, 1.5)),
    "no samples": OPENED + frame(b"s", struct.pack("<I", 16_000)),
    "more than a second": OPENED + frame(b"s", struct.pack("<I", 4_000) + bytes(4 * 4_001)),
    "half a sample": OPENED + frame(b"s", SAMPLES + b"\0"),
    "another opening": OPENED + OPENED,
    "notes that are no list": OPENED + frame(b"e", b'{"a": 1}'),
    "notes with markup": OPENED + frame(b"e", b'["<script>alert(1)</script>"]'),
    "a note of other signs": OPENED + frame(b"e", b'["\\u202e\\u001b[31m"]'),
    "deep notes": OPENED + frame(b"e", b"[" * 30_000),
    "a refusal in one sentence": frame(b"x", b'["it is text"]'),
    "a refusal with markup": frame(b"x", b'["[link](http:x)", "Click."]'),
    "a question for too much": frame(b"q", struct.pack("<QI", 0, 1 << 20)),
    "a question far away": frame(b"q", struct.pack("<QI", 1 << 63, 10)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_decoder_that_was_taken_over_gets_nothing_through(lie):
    import subprocess

    sandbox = object.__new__(Sandbox)
    sandbox.process = subprocess.Popen(
        [sys.executable, "-I", "-c", LIAR, LIES[lie].hex()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with pytest.raises(AudioDecodeError, match=CRASHED):
        heard(sandbox.open(noise(1), "talk"))
    assert not sandbox.alive


def test_every_sentence_of_the_decoder_passes_for_plain_words():
    """Notes and refusals are in source texts: what stands there must get through `frames.said`."""
    said = [
        "its sample rate is 1,000 Hz",
        "Record speech at 8,000 to 768,000 Hz.",
        "it ends at 1:02:03, before the part to be heard begins",
        "The file holds 402 invalid samples, heard as silence.",
        "Only a part was heard: 0:10 to 0:20.",
        process.CONVERT,
    ]
    assert frames.said(frames.saying(said)) == said
