"""Whole runs of the command line under strace: nothing is asked of the network."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hand_server import hand_server, vllm
from model_hub import ModelHub
from traffic import watched

ROOT = Path(__file__).resolve().parents[3]
SPEECH = ROOT / "tests" / "recordings" / "english-then-mandarin.flac"

SDP = """v=0
o=- 0 0 IN IP4 192.0.2.1
s=x
c=IN IP4 192.0.2.1
t=0 0
m=audio 5004 RTP/AVP 0
"""
PLAYLIST = """#EXTM3U
#EXT-X-TARGETDURATION:10
#EXTINF:10,
http://192.0.2.1/a.ts
#EXT-X-ENDLIST
"""


def run(traffic, tmp_path, *command, stdin=None):
    return subprocess.run(
        [*traffic.command, sys.executable, *command],
        cwd=ROOT,
        env=os.environ
        | {"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_whole_run_asks_nothing_of_the_network(tmp_path):
    """Real speech, then two texts that make other programs of FFmpeg's go online."""
    traffic = watched(tmp_path)
    recordings = [SPEECH]
    for name, text in [("a.sdp", SDP), ("b.m3u8", PLAYLIST), ("c.wav", SDP), ("d.mp3", PLAYLIST)]:
        recordings.append(tmp_path / name)
        recordings[-1].write_text(text)
    done = run(
        traffic, tmp_path,
        "-m", "asr_core", "transcribe", *recordings, "--output", tmp_path / "texts",
        "--decode", "attention", "--beam-size", "1",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr  # four are no recordings
    assert done.stderr.count("Error: ") == 4
    assert [path.name for path in (tmp_path / "texts").iterdir()] == [SPEECH.stem + ".txt"]
    assert traffic.abroad() == []
    assert traffic.families().keys() <= {"AF_UNIX", "AF_NETLINK"}  # not even loopback


def test_a_run_by_a_server_asks_that_port_alone_and_says_so(tmp_path):
    traffic = watched(tmp_path)
    said = "language None<asr_text>"  # so that no model is loaded for the times of words
    with hand_server(lambda request: request.events(*vllm(said))) as server:
        (tmp_path / "sottovoce").mkdir()
        saved = json.dumps({"servers": [f"{server.address} s3cret"]})
        (tmp_path / "sottovoce" / "settings.json").write_text(saved)
        transcribe = ["-m", "asr_core", "transcribe", SPEECH, "--model", server.address]
        done = run(traffic, tmp_path, *transcribe)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"The sound leaves this computer for {server.address}.\n")
    assert f"{SPEECH.name}: The sound left this computer for {server.address}." in done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    assert server.seen[-1][1]["Authorization"] == "Bearer s3cret"
    assert SPEECH.name.encode() not in server.seen[-1][2]
    ports = {port for call in traffic.calls() for port in re.findall(r"htons\((\d+)\)", call)}
    assert (traffic.abroad(), ports) == ([], {str(server.server_port)})


def test_the_offline_check_itself_asks_nothing_of_the_network(tmp_path):
    """What it tries is refused before the kernel hears of it, in the worker as well."""
    traffic = watched(tmp_path)
    program = """
from asr_core.privacy import guard
guard.stand()
from asr_core.cli.doctor import _offline
print([finding.said for finding in _offline()])
"""
    done = run(traffic, tmp_path, "-c", program)
    assert done.stdout.count("Both were refused.") == 2, done.stderr
    assert traffic.abroad() == []


def test_a_model_from_a_folder_asks_nothing_of_the_network(tmp_path):
    traffic = watched(tmp_path)
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "weights").write_bytes(bytes(1000))
    done = run(
        traffic, tmp_path,
        "-m", "asr_core", "models", "add", tmp_path / "stick", "--name", "mine",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert traffic.families().keys() <= {"AF_UNIX", "AF_NETLINK"}


@pytest.mark.parametrize(("answer", "n_places"), [("no\n", 0), ("yes\n", 1)])
def test_a_model_by_name_asks_its_hub_alone_and_only_after_a_yes(
    tmp_path, monkeypatch, answer, n_places
):
    traffic, hub = watched(tmp_path), ModelHub()
    hub.models["FireRedTeam/FireRedASR-AED-L"] = dict.fromkeys(
        ("model.pth.tar", "cmvn.ark", "dict.txt", "train_bpe1000.model"), b"x"
    )
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    program = ["-m", "asr_core", "models", "add", "firered-asr-aed-l"]
    done = run(traffic, tmp_path, *program, stdin=answer)
    hub.close()
    assert done.returncode == 1 - n_places, done.stderr
    assert traffic.abroad() == []
    ports = {port for call in traffic.calls() for port in re.findall(r"htons\((\d+)\)", call)}
    assert ports - {"0"} == set([hub.address.rpartition(":")[2]][:n_places])


@pytest.mark.parametrize(
    "attempt",
    [
        's.connect(("192.0.2.1", 9))',  # of UDP: only a route is looked up
        's.bind(("0.0.0.0", 0))',
        's.sendto(b"", ("192.0.2.1", 9))',
        "guard.stand(); libc.connect(s.fileno(), address, 16)",  # the guard is blind to it
        "subprocess.run([sys.executable, '-c', 'import socket; socket.create_server((\"\", 0))'])",
    ],
)
def test_a_way_out_is_seen(tmp_path, attempt):
    """The control: what the tests above count, they can count."""
    traffic = watched(tmp_path)
    program = f"""
import ctypes, socket, subprocess, sys
from asr_core.privacy import guard
libc, address = ctypes.CDLL(None), bytes([2, 0, 0, 9, 192, 0, 2, 1]) + bytes(8)
s = socket.socket(type=socket.SOCK_DGRAM)
try:
    {attempt}
except OSError:
    pass
"""
    done = run(traffic, tmp_path, "-c", program)
    assert done.returncode == 0, done.stderr
    assert len(traffic.abroad()) == 1


def test_compiled_code_finds_no_way_out_of_the_worker(tmp_path):
    """Without the guard's help: the worker's own entry has left the network."""
    program = """
import ctypes, os, socket
from asr_core import limits
limits.leave_network()
libc, address = ctypes.CDLL(None, use_errno=True), bytes([2, 0, 0, 9, 192, 0, 2, 1]) + bytes(8)
s = socket.socket(type=socket.SOCK_DGRAM)
libc.connect(s.fileno(), address, 16)
print(limits.network_left(), ctypes.get_errno())
"""
    if sys.platform != "linux":
        pytest.skip("only Linux offers an empty network")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    if done.stdout.startswith("False"):
        pytest.skip("this system gives programs no network of their own")
    assert done.stdout.split() == ["True", "101"]  # the network is unreachable
