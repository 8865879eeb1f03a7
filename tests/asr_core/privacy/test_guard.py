"""The guard: each test runs it in a process of its own, since it cannot be taken off again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from asr_core.privacy.guard import offline_environment

ROOT = Path(__file__).resolve().parents[3]


def said(program):
    """What the program prints after the guard was set up."""
    head = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom asr_core.privacy.guard import *\n"
    run = subprocess.run(
        [sys.executable, "-c", head + program], capture_output=True, text=True, timeout=30
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_the_environment_has_no_proxy_and_tells_libraries_to_stay_offline():
    given = {"HTTPS_PROXY": "http://x", "http_proxy": "y", "PYTHONPATH": "z", "HOME": "/h"}
    kept = offline_environment(given)
    assert "HOME" in kept
    assert not {"HTTPS_PROXY", "http_proxy", "PYTHONPATH"} & kept.keys()
    assert kept["HF_HUB_OFFLINE"] == "1"


def test_the_speech_detector_leaves_no_device_number_and_no_log(tmp_path):
    environment = offline_environment(os.environ) | {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    environment.pop("CI", None)  # with it, onnxruntime keeps quiet of its own accord
    program = "import onnxruntime, numpy; print(onnxruntime.__version__)"
    subprocess.run([sys.executable, "-B", "-c", program], env=environment, check=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "attempt",
    [
        'socket.create_connection(("192.0.2.1", 80), 0.1)',
        'socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53))',
        'socket.getaddrinfo("example.org", 443)',
        'socket.create_connection(("::ffff:192.0.2.1", 80), 0.1)',
    ],
)
def test_no_way_out_is_open(attempt):
    program = f"""
import socket
refuse_network()
try:
    {attempt}
except PermissionError as error:
    print(error)
"""
    assert said(program) == ["Sottovoce", "keeps", "the", "network", "closed."]


def test_this_computer_can_still_be_reached():
    program = """
import socket
refuse_network()
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
left, right = socket.socketpair()
left.sendall(b"x")
print(right.recv(1).decode())
"""
    assert said(program) == ["x"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_no_byte_reaches_a_file_while_files_are_forbidden(tmp_path):
    program = f"""
import os
path = {str(tmp_path / "sound")!r}
with no_file_written():
    try:
        with open(path, "wb", buffering=0) as file:
            file.write(b"x")
    except OSError as error:
        print(error.errno == __import__("errno").EFBIG)
    reader, writer = os.pipe()
    os.write(writer, b"pipes go on")
print(os.path.getsize(path))
with open(path, "wb") as file:
    file.write(b"afterwards")
print(os.path.getsize(path))
"""
    assert said(program) == ["True", "0", "10"]
