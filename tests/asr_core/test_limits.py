"""The kernel's limits: each test sets them in a process of its own, since they stay."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux offers it")

HEAD = f"""
import ctypes, encodings.idna, os, socket, sys
sys.path.insert(0, {str(ROOT)!r})
from asr_core import limits
"""

# What a user's own program is: without the privileges the tests may have.
NOBODY = """
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1)  # as a program has it that did not change its user
"""


def said(program, *arguments):
    run = subprocess.run(
        [sys.executable, "-c", HEAD + program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


@posix_only
def test_no_byte_reaches_a_file_while_files_are_forbidden(tmp_path):
    program = """
import errno
from multiprocessing import shared_memory
path = sys.argv[1]
limits.forbid_files()
print(limits.files_forbidden())
try:
    with open(path, "wb", buffering=0) as file:
        file.write(b"x")
except OSError as error:
    print(error.errno == errno.EFBIG)
try:
    shared_memory.SharedMemory(create=True, size=5)
except OSError as error:
    print(error.errno == errno.EFBIG)
reader, writer = os.pipe()
os.write(writer, b"pipes go on")
print(os.path.getsize(path))
limits.allow_files()
with open(path, "wb") as file:
    file.write(b"afterwards")
print(os.path.getsize(path))
"""
    assert said(program, str(tmp_path / "sound")) == ["True", "True", "True", "0", "10"]


@posix_only
def test_the_last_files_are_the_last(tmp_path):
    program = """
path = sys.argv[1]
limits.forbid_files()
with limits.last_files():
    open(path, "w").write("cache")
for attempt in range(2):
    limits.allow_files()
    with limits.last_files():
        print(limits.files_forbidden())
print(open(path).read())
"""
    assert said(program, str(tmp_path / "cache")) == ["True", "True", "cache"]


@posix_only
def test_who_never_forbade_files_may_write_on_after_the_last_ones():
    program = """
with limits.last_files():
    pass
print(limits.files_forbidden())
"""
    assert said(program) == ["False"]


@posix_only
def test_a_crash_leaves_no_image_of_memory(tmp_path):
    """The control without the limit may leave one or not, as the system is set up."""
    program = """
import resource, signal
os.chdir(sys.argv[1])
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
print(limits.memory_hidden(), end=" ", flush=True)
limits.hide_memory()
print(limits.memory_hidden(), flush=True)
os.kill(os.getpid(), signal.SIGSEGV)
"""
    run = subprocess.run(
        [sys.executable, "-c", HEAD + program, str(tmp_path)], capture_output=True, text=True
    )
    assert run.returncode == -11
    assert run.stdout.split()[1] == "True"
    assert list(tmp_path.iterdir()) == []


@linux_only
def test_what_is_taken_unbound_leaves_the_rest_of_the_bound_as_it_was():
    program = """
limits.bound_memory(100 << 20)
with limits.memory_unbound():
    kept = bytearray(300 << 20)
more = bytearray(50 << 20)
print(len(kept) >> 20, len(more) >> 20)
try:
    bytearray(80 << 20)
except MemoryError:
    print("bound")
"""
    assert said(program) == ["300", "50", "bound"]


@linux_only
def test_another_program_of_the_same_user_cannot_read_memory():
    program = """
limits.hide_memory()
print(ctypes.CDLL(None).prctl(3))
"""
    assert said(program) == ["0"]


@pytest.fixture
def forbidding_system():
    if sys.platform == "linux":
        program = HEAD + NOBODY + "limits.leave_network(); print(limits.network_left())"
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        if run.stdout.strip() == "True":
            return
    pytest.skip("this system gives programs no network of their own")


REACH = """
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5).close()
    print("reached", end=" ")
except OSError as error:
    print(f"errno-{error.errno}", end=" ")
print(limits.network_left())
"""


@linux_only
@pytest.mark.usefixtures("forbidding_system")
@pytest.mark.parametrize("user", ["", NOBODY], ids=["as it is", "without privileges"])
def test_whoever_left_the_network_reaches_not_even_this_computer(user):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert said(user + REACH, port)[0] == "reached"
        assert said(user + "limits.leave_network()" + REACH, port) == ["errno-101", "True"]


@linux_only
@pytest.mark.usefixtures("forbidding_system")
def test_who_left_the_network_is_still_the_same_user():
    program = NOBODY + "limits.leave_network(); print(os.getuid(), os.getgid(), os.geteuid())"
    user, group = (os.getuid(), os.getgid()) if os.getuid() else (65534, 65534)
    assert said(program) == [str(user), str(group), str(user)]


@linux_only
def test_where_threads_run_already_nothing_changes():
    program = f"""
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
{NOBODY}
before = os.readlink("/proc/self/ns/net"), os.getuid()
limits.leave_network()
print(before == (os.readlink("/proc/self/ns/net"), os.getuid()))
"""
    assert said(program) == ["True"]


# A parent that starts a child which leaves the network, then computes for ever.
EARLY = "from asr_core.limits import end_with_parent; import resource, time"
PARENT = f"""
import subprocess, sys
child = {HEAD + EARLY + NOBODY!r} + '''
limits.leave_network()
end_with_parent()
limits.hide_memory()
print(os.getpid(), flush=True)
time.sleep(60)
'''
subprocess.run([sys.executable, "-c", child])
"""


@linux_only
def test_who_left_the_network_still_ends_with_its_parent():
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True
    ) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
    state = Path(f"/proc/{child}/stat")
    end = time.monotonic() + 5.0
    while state.exists() and " Z " not in state.read_text() and time.monotonic() < end:
        time.sleep(0.01)
    assert not state.exists() or " Z " in state.read_text()
