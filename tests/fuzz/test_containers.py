"""Damaged files of every format: sound or one refusal, in time, in bounded memory."""

import io
import os
import random
import select
import struct
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from mutations import damaged
from voice import voice

from asr_core.audio import containers

PROJECT = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("decode_cases.py")
FINDINGS = PROJECT / "runs" / "findings"  # not in the repository: .gitignore
LIMIT = 10.0  # seconds of work a case may take; the kernel counts them, however busy it is

pytestmark = pytest.mark.skipif(os.name == "nt", reason="waits for a pipe with select")

# Container and codec of FFmpeg; what its build cannot write is left out.
ENCODED = [
    *[("mp3", "libmp3lame", 16_000), ("adts", "aac", 16_000), ("ipod", "aac", 16_000)],
    *[("mp4", "aac", 44_100), ("mov", "pcm_s16le", 16_000), ("matroska", "flac", 16_000)],
    *[("webm", "libopus", 48_000), ("ogg", "libopus", 48_000), ("asf", "wmav2", 16_000)],
    *[("avi", "pcm_s16le", 16_000), ("mpegts", "mp2", 32_000), ("wv", "wavpack", 16_000)],
    *[("ac3", "ac3", 48_000), ("mov", "alac", 16_000), ("wav", "adpcm_ms", 16_000)],
    *[("amr", "libopencore_amrnb", 8_000)],
]
WRITTEN = [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("W64", None), ("AIFF", None), ("CAF", None)]
WRITTEN += [("AU", None), ("FLAC", None), ("OGG", "VORBIS"), ("RF64", None), ("WAV", "ULAW")]


def encoded(container, codec, rate):
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        if codec == "wmav2":
            stream.bit_rate = 24_000
        pcm = (voice(0.4) * 32767).astype(np.int16).repeat(-(-rate // 16_000))
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = rate
        cut = av.AudioResampler(stream.format, "mono", rate, stream.frame_size or None)
        for piece in [*cut.resample(frame), *cut.resample(None)]:
            piece.pts = piece.pts or 0
            file.mux(stream.encode(piece))
        file.mux(stream.encode(None))
    return out.getvalue()


@pytest.fixture(scope="module")
def whole_files():
    files = []
    for format, subtype in WRITTEN:
        out = io.BytesIO()
        soundfile.write(out, voice(0.4), 16_000, subtype, format=format)
        files.append(out.getvalue())
    for kind in ENCODED:
        with suppress(av.error.FFmpegError, ValueError):
            files.append(encoded(*kind))
    assert len(files) >= 25
    return files


class Child:
    """The process that decodes; a new one takes its place when it is lost."""

    def __init__(self):
        self._start()

    def _start(self):
        self.process = subprocess.Popen(
            [sys.executable, CHILD],
            env=os.environ | {"PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ending(self, data):
        """How a case ended: "sound", "refused ...", or what must not be."""
        with suppress(BrokenPipeError):
            self.process.stdin.write(struct.pack("<I", len(data)) + data)
            self.process.stdin.flush()
        patience = 6 * LIMIT  # the process starts with its first case; a busy computer is slow
        ready, _, _ = select.select([self.process.stdout], [], [], patience)
        line = self.process.stdout.readline().decode() if ready else ""
        if not line:
            self.close()
            end = f"crash {self.process.returncode}" if ready else "hang"
            self._start()
            return end
        seconds, _, said = line.strip().partition(" ")
        return said if float(seconds) < LIMIT else f"slow {seconds} s"

    def close(self):
        self.process.kill()
        self.process.communicate()


def fuzzed(whole_files, seed, n_cases):
    """How many cases ended how; whatever is neither sound nor refused is saved as a finding."""
    rng, child, ends = random.Random(seed), Child(), Counter()
    for number in range(n_cases):
        data = damaged(rng.choice(whole_files), whole_files, rng)
        end = child.ending(data)
        ends[end.partition(":")[0]] += 1
        if not end.startswith(("sound", "refused")):
            FINDINGS.mkdir(parents=True, exist_ok=True)
            (FINDINGS / f"{seed}-{number}-{end.split()[0]}").write_bytes(data)
    child.close()
    return ends


def bad(ends):
    return {end: n for end, n in ends.items() if not end.startswith(("sound", "refused"))}


def test_every_kind_of_file_is_decoded_before_it_is_damaged(whole_files):
    child = Child()
    assert {child.ending(data) for data in whole_files} == {"sound"}
    child.close()


def test_a_damaged_file_is_sound_or_refused(whole_files):
    ends = fuzzed(whole_files, seed=1, n_cases=400)
    assert bad(ends) == {}
    assert ends["sound"] > 50
    assert ends["refused UnreadableError"] > 50


def test_a_crash_of_the_decoder_is_a_finding_and_not_the_end(whole_files):
    child = Child()
    assert child.ending(whole_files[0]) == "sound"
    child.process.send_signal(11)
    assert child.ending(whole_files[0]) == "crash -11"
    assert child.ending(whole_files[0]) == "sound"
    child.close()


@pytest.mark.soak
def test_soak_of_damaged_files(whole_files, capsys):
    """SOAK_SEED and SOAK_CASES say more; a crash of compiled code is saved, and contained."""
    seed, n_cases = (
        int(os.environ.get(f"SOAK_{x}", y)) for x, y in (("SEED", 2), ("CASES", 20_000))
    )
    ends = fuzzed(whole_files, seed, n_cases)
    with capsys.disabled():
        print(f"\n{n_cases} damaged files, seed {seed}: {dict(ends.most_common())}")
    assert not [end for end in bad(ends) if not end.startswith("crash")]


def test_the_list_of_formats_is_the_one_that_is_fuzzed():
    """A format that is let in later must be made here, too."""
    names = {"wav", "w64", "aiff", "caf", "au", "flac", "ogg", "mp3", "aac", "mov", "mp4", "m4a"}
    names |= {"matroska", "webm", "asf", "amr", "avi", "mpegts", "wv", "ac3"}
    assert set(containers.DEMUXERS.split(",")) == names
