"""The guard: each test runs it in a process of its own, since it cannot be taken off again."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import list2cmdline

import pytest

from asr_core.children import command
from asr_core.privacy.guard import offense, offline_environment

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


def test_a_program_that_was_named_may_be_started_meanwhile_and_no_other():
    program = """
import subprocess, sys
stand()
def start(*line):
    try:
        print(subprocess.run(line, capture_output=True, text=True).stdout)
    except PermissionError:
        print("refused")
with letting_start(sys.executable):
    start(sys.executable, "-c", "print('named')")
    start("echo", "other")
start(sys.executable, "-c", "print('later')")
"""
    assert said(program) == ["named", "refused", "refused"]


def test_out_to_one_port_is_out_to_no_other():
    program = """
import socket
stand()
def reach(host, port):
    try:
        socket.create_connection((host, port), 0.01)
    except PermissionError:
        return "refused"
    except OSError:
        pass
    return "tried"
print(reach("192.0.2.1", 6379))
let_out("192.0.2.1", 6379)
print(reach("192.0.2.1", 6379), reach("192.0.2.1", 80), reach("192.0.2.2", 6379))
"""
    assert said(program) == ["refused", "tried", "refused", "refused"]


ABROAD = [
    ("look up", 'socket.create_connection(("192.0.2.1", 80), 0.1)'),
    ("look up", 'socket.create_connection(("::ffff:192.0.2.1", 80), 0.1)'),
    ("connect", 'socket.socket().connect_ex(("192.0.2.1", 80))'),
    ("connect", 'socket.socket().connect(("example.org", 80))'),
    ("connect", 'socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53))'),
    ("connect", 'socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", 0, ("example.org", 53))'),
    ("connect", 'socket.socket(type=socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, ("192.0.2.1", 53))'),
    ("connect", 'asyncio.run(asyncio.open_connection("192.0.2.1", 80))'),
    ("look up", 'socket.getaddrinfo("example.org", 443)'),
    ("look up", 'socket.gethostbyname("example.org")'),
    ("look up", 'socket.gethostbyname_ex("example.org")'),
    ("look up", 'socket.gethostbyaddr("192.0.2.1")'),
    ("look up", 'socket.getnameinfo(("192.0.2.1", 80), 0)'),
    ("look up", 'urllib.request.urlopen("http://example.org", timeout=0.1)'),
    ("listen", 'socket.create_server(("0.0.0.0", 0))'),
    ("listen", 'socket.create_server(("", 0))'),
    ("listen", 'socket.create_server(("::", 0), family=socket.AF_INET6)'),
    ("listen", 'socket.socket().bind(("192.0.2.1", 0))'),
    ("listen", 'socket.socket().bind(("example.org", 0))'),
    ("start", 'subprocess.run(["curl", "http://example.org"])'),
    ("start", 'subprocess.run("echo x", shell=True)'),
    ("start", 'subprocess.run([sys.executable, "-c", "print(1)"])'),
    ("start", 'subprocess.run(["xdg-settings", "set", "default-web-browser", "x"])'),
    ("start", 'os.system("echo x")'),
    ("start", 'os.execv("/bin/echo", ["/bin/echo", "x"])'),
    ("start", 'os.posix_spawn("/bin/echo", ["/bin/echo", "x"], {})'),
    ("start", 'webbrowser.get("echo %s").open("http://example.org")'),
]


@pytest.mark.parametrize(("kind", "attempt"), ABROAD)
@pytest.mark.skipif(os.name == "nt", reason="names programs of Linux and macOS")
def test_no_way_out_is_open_and_every_try_is_counted(kind, attempt):
    program = f"""
import asyncio, os, socket, subprocess, sys, urllib.request, webbrowser
stand()
try:
    {attempt}
    print("nothing raised")
except OSError:
    print("raised")
print(refused())
"""
    outcome, _, counts = " ".join(said(program)).partition(" {")
    assert outcome == "raised" or "webbrowser" in attempt  # that one gives False
    assert counts.startswith(f"{kind!r}: ")


def test_without_the_guard_the_same_tries_are_not_refused():
    """So what the test above sees is the guard's doing."""
    program = """
import socket, subprocess
print(socket.create_server(("0.0.0.0", 0)).getsockname()[0])
subprocess.run("echo started", shell=True)
print(refused())
"""
    assert sorted(said(program)) == ["0.0.0.0", "started", "{}"]


def test_the_hub_s_own_client_is_offline_whatever_the_environment_says():
    program = """
import os
os.environ["HF_HUB_OFFLINE"] = "0"
stand()
from huggingface_hub import HfApi, constants, errors
try:
    HfApi(endpoint="http://127.0.0.1:9").model_info("a/b")
except errors.OfflineModeIsEnabled:
    print(constants.is_offline_mode())
"""
    assert said(program) == ["True"]


def test_this_computer_can_still_be_reached():
    program = """
import socket
stand()
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
    socket.create_connection(("localhost", server.getsockname()[1])).close()
left, right = socket.socketpair()
left.sendall(b"x")
print(right.recv(1).decode(), refused())
"""
    assert said(program) == ["x", "{}"]


LET_OUT = """
import socket, sys
def look_up(host, port, *_, **__):  # in place of a name server
    sys.audit("socket.getaddrinfo", host, port)
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", port))]
socket.getaddrinfo = look_up
stand(["hub.example.org", ".storage.example.org"])
stand(["elsewhere.example.org"])  # too late
def tried(attempt):
    try:
        attempt()
    except PermissionError:
        return "refused"
    except OSError:
        return "let"
    return "let"
def connect(host, port):
    with socket.socket() as stranger:
        stranger.settimeout(0.05)
        stranger.connect((host, port))
"""


@pytest.mark.parametrize(
    ("host", "outcome"),
    [
        ("hub.example.org", "let"),
        ("b.storage.example.org", "let"),
        ("storage.example.org", "refused"),
        ("evilhub.example.org", "refused"),
        ("hub.example.org.evil.net", "refused"),
        ("elsewhere.example.org", "refused"),
        ("192.0.2.7", "refused"),
    ],
)
def test_the_one_program_that_is_let_out_reaches_the_hosts_it_was_told_and_no_others(host, outcome):
    program = f"""
print(tried(lambda: connect("192.0.2.7", 443)))
print(tried(lambda: socket.getaddrinfo({host!r}, 443)))
print(tried(lambda: connect("192.0.2.7", 443)))
print(tried(lambda: connect("192.0.2.7", 80)), tried(lambda: connect("192.0.2.8", 443)))
print(tried(lambda: socket.gethostbyname({host!r})))
"""
    assert said(LET_OUT + program) == [
        *("refused", outcome, outcome),
        *("refused", "refused", "refused"),
    ]


PLACED = """
import socket, sys
stand()
def reached(host, port):
    try:
        socket.create_connection((host, port), timeout=2.0).close()
        return "reached"
    except PermissionError:
        return "refused"
with socket.create_server(("127.0.0.1", 0)) as a, socket.create_server(("127.0.0.1", 0)) as b:
    one, other = a.getsockname()[1], b.getsockname()[1]
    try:
        let_out_only(f"127.0.0.1:{one}")
        let_out_only(f"127.0.0.1:{one}")  # the same again is nothing new
        let_out_only(f"127.0.0.1:{other}")
    except ValueError:
        print("once", place() == f"127.0.0.1:{one}")
    print(reached("127.0.0.1", one), reached("127.0.0.1", other), reached("192.0.2.1", one))
"""


def test_who_is_let_out_to_a_place_reaches_that_port_alone_and_no_other_here():
    assert said(PLACED) == ["once", "True", "reached", "refused", "refused"]


def test_a_place_by_name_is_looked_up_and_nothing_else_is():
    program = """
print(tried(lambda: connect("192.0.2.7", 8000)))
print(tried(lambda: socket.getaddrinfo("asr.example.org", 443)))
print(tried(lambda: socket.getaddrinfo("hub.example.org", 8000)))
print(tried(lambda: socket.getaddrinfo("asr.example.org", 8000)))
print(tried(lambda: connect("192.0.2.7", 8000)), tried(lambda: connect("192.0.2.7", 443)))
print(tried(lambda: connect("127.0.0.1", 8000)), tried(lambda: connect("192.0.2.8", 8000)))
"""
    head = LET_OUT.replace(
        '["hub.example.org", ".storage.example.org"]', '["asr.example.org:8000"]'
    )
    assert said(head + program) == ["refused"] * 3 + ["let", "let"] + ["refused"] * 3


def test_where_a_person_asked_it_to_it_may_listen_and_nowhere_else():
    program = """
import socket
stand()
let_listen("0.0.0.0", 0)
socket.create_server(("0.0.0.0", 0)).close()
for place in [("0.0.0.0", 8000), ("::", 0), ("", 0)]:
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    try:
        socket.socket(family).bind(place)
    except PermissionError:
        print("refused")
"""
    assert said(program) == ["refused"] * 3


def test_the_worker_alone_may_be_let_out_to_a_place_and_to_nothing_wider():
    line = command("asr_core.jobs.worker", "a:b", hosts=["asr.example.org:8000"])
    assert offense("subprocess.Popen", (None, line, None, None)) is None
    assert offense("subprocess.Popen", (None, list2cmdline(line), None, None)) is None
    for hosts in (["asr.example.org"], [".example.org"], ["a:1", "b:2"]):
        with pytest.raises(ValueError, match=r"asr_core\.jobs\.worker stays off the network"):
            command("asr_core.jobs.worker", "a:b", hosts=hosts)
        wider = [*line[:6], json.dumps(hosts), *line[7:]]
        assert offense("subprocess.Popen", (None, wider, None, None)) == "start"


def test_no_other_program_of_ours_may_be_let_out():
    with pytest.raises(ValueError, match=r"asr_core\.saving stays off the network"):
        command("asr_core.saving", hosts=["hub.example.org"])
    honest = command("asr_core.saving")
    for line in ([*honest[:6], '["hub.example.org"]', *honest[7:]], [*honest[:6], *honest[7:]]):
        assert offense("subprocess.Popen", (None, line, None, None)) == "start"
        assert offense("subprocess.Popen", (None, list2cmdline(line), None, None)) == "start"


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("subprocess.Popen", (None, command("asr_core.store.program", hosts=["x.org"]), 0, 0)),
        (
            "subprocess.Popen",
            (None, list2cmdline(command("asr_core.store.program", hosts=["x.org"])), 0, 0),
        ),
        ("subprocess.Popen", (None, command("asr_core.jobs.worker", "a:b"), None, None)),
        ("subprocess.Popen", (None, list2cmdline(command("asr_core.saving")), None, None)),
        ("subprocess.Popen", ("xclip", ["xclip", "-selection", "c"], None, None)),
        ("subprocess.Popen", (None, [b"/usr/bin/wl-copy"], None, None)),
        ("subprocess.Popen", (None, ["pbcopy", "w"], None, None)),
        ("subprocess.Popen", (None, ["firefox", "http://127.0.0.1:8765/?key=x"], None, None)),
        ("subprocess.Popen", (None, ["/bin/sh", "-c", "osascript"], None, None)),
        ("os.startfile", ("http://127.0.0.1:8765/?key=x", "open")),
        ("socket.bind", (None, ("127.0.0.53", 80))),
        ("socket.bind", (None, ("::1", 0, 0, 0))),
        ("socket.bind", (None, "/run/x")),
        ("socket.connect", (None, ("::1", 80, 0, 0))),
        ("open", ("/etc/passwd", "r", 0)),
    ],
)
def test_what_sottovoce_needs_is_allowed(event, arguments):
    assert offense(event, arguments) is None


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("subprocess.Popen", (None, list2cmdline([sys.executable, "-c", "x"]), None, None)),
        ("subprocess.Popen", (None, [*command("asr_core.saving")[:5], "os", "[]"], None, None)),
        ("subprocess.Popen", (None, ["http://127.0.0.1:8765/"], None, None)),
        ("os.startfile", ("C:\\Windows\\System32\\calc.exe", "open")),
        ("os.startfile", ("http://example.org", "open")),
    ],
)
def test_what_it_does_not_need_is_refused(event, arguments):
    assert offense(event, arguments) == "start"


def test_standing_twice_is_standing_once():
    program = """
import socket
stand()
stand()
try:
    socket.gethostbyname("example.org")
except PermissionError:
    print(refused())
"""
    assert said(program) == ["{'look", "up':", "1}"]


@pytest.mark.parametrize(
    "module",
    [
        "asr_core.jobs.worker",
        "asr_core.sandbox.program",
        "asr_core.saving",
        "asr_core.store.program",
    ],
)
def test_each_program_of_ours_stands_guard_before_it_begins(module, tmp_path):
    """Its own first line, in place of its `main`, tries to get out."""
    package = tmp_path / "asr_core"
    shutil.copytree(ROOT / "asr_core", package, ignore=shutil.ignore_patterns("*.pyc"))
    Path(package, *module.split(".")[1:]).with_suffix(".py").write_text(
        "import os\ndef main(*given):\n    os.system('echo x')\n"
    )
    line = command(module)
    line[7] = json.dumps([str(tmp_path), *sys.path])
    done = subprocess.run(line, capture_output=True, text=True, timeout=30)
    assert done.stdout == ""
    assert "PermissionError: Sottovoce does not start this program." in done.stderr
