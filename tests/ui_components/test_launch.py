"""The launched page, asked over real HTTP, and what its launcher sets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from asr_core.errors import AsrError
from ui_components.launch import PRIVATE, _check_free

PROJECT = Path(__file__).resolve().parents[2]
WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def test_the_start_address_leads_to_the_page_and_a_reload_works(page_server, page_cookie):
    for _ in range(2):
        answer = page_server.ask("/", Cookie=page_cookie)
        assert answer.status == 200
        assert b"<!doctype html>" in answer.body.lower()
        assert answer.getheader("cache-control") == "no-store"
        assert f"ws://{page_server.host}" in answer.getheader("content-security-policy")


@pytest.mark.usefixtures("page_cookie")
def test_a_used_key_opens_nothing(page_server):
    assert page_server.ask(f"/?key={page_server.key}").status == 403


@pytest.mark.parametrize(
    "path", ["/", "/_stcore/health", "/_stcore/host-config", "/media/x.wav", "/static/x.js"]
)
def test_every_route_asks_for_the_cookie(page_server, path):
    assert page_server.ask(path).status == 403


def test_a_foreign_host_or_origin_gets_403_on_every_kind_of_route(page_server, page_cookie):
    for path in ("/", "/_stcore/health"):
        assert page_server.ask(path, Cookie=page_cookie, Host="evil.example").status == 403
        assert page_server.ask(path, Cookie=page_cookie, Origin="http://evil.example").status == 403
    other = "http://127.0.0.1:9"
    assert (
        page_server.ask("/_stcore/stream", Cookie=page_cookie, Origin=other, **WEBSOCKET).status
        == 403
    )
    assert page_server.ask("/_stcore/stream", **WEBSOCKET).status == 403


def test_the_pages_own_websocket_opens(page_server, page_cookie):
    origin = f"http://{page_server.host}"
    answer = page_server.ask("/_stcore/stream", Cookie=page_cookie, Origin=origin, **WEBSOCKET)
    assert answer.status == 101


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's table of sockets")
def test_it_listens_on_loopback_only_whatever_the_environment_says(page_server):
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, _, state = line.split()[1:4]
            if int(address.rpartition(":")[2], 16) == page_server.port and state == "0A":
                listening.append(address.rpartition(":")[0])
    assert listening == ["0100007F"]


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="reads Linux's limits")
def test_the_kernel_lets_it_write_no_file_and_leave_no_image_of_memory(page_server):
    limits = Path(f"/proc/{page_server.process.pid}/limits").read_text()
    for name in ("Max file size", "Max core file size"):
        (line,) = [line for line in limits.splitlines() if line.startswith(name)]
        assert line.removeprefix(name).split()[0] == "0"


def test_ctrl_c_ends_it_without_a_word(launch_page):
    server = launch_page()
    out, err = server.end()
    assert (out, err) == ("", "")
    assert server.process.returncode == 0


# Something of this process listens to the network before the page does.
OPEN_DOOR = """
import socket
door = socket.create_server(("0.0.0.0", 0))
print(door.getsockname()[1], flush=True)
from ui_components.launch import main
main(None, browser=False)
"""


def test_it_refuses_to_go_on_when_anything_listens_to_others(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", OPEN_DOOR],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    (port,) = done.stdout.split()  # and no address to open
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The page would listen on 0.0.0.0:" + port)
    assert len(done.stderr.splitlines()) == 1


HOSTILE = """
[server]
address = "0.0.0.0"
port = 8501
headless = false
allowedHosts = []
enableCORS = false
enableXsrfProtection = false
enableStaticServing = true
[browser]
serverAddress = "evil.example"
gatherUsageStats = true
[client]
showErrorDetails = "full"
"""


def test_files_of_options_of_others_do_not_open_it(tmp_path, launch_page, monkeypatch):
    """Streamlit reads one in the home folder and one in the folder it is started in."""
    for folder in (tmp_path / "home", tmp_path / "here"):
        (folder / ".streamlit").mkdir(parents=True)
        (folder / ".streamlit" / "config.toml").write_text(HOSTILE)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    server = launch_page(tmp_path / "here")
    assert server.port != 8501
    with pytest.raises(ConnectionRefusedError):  # 0.0.0.0 would hear this other name of ours
        socket.create_connection(("127.0.0.2", server.port), timeout=5)
    assert server.ask("/").status == 403
    assert server.end() == ("", "")


def test_a_port_in_use_is_said_in_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(AsrError, match=rf"Port {port} cannot be used\. .*--port"):
            _check_free(port)


def test_a_port_that_cannot_exist_is_said_in_a_sentence():
    with pytest.raises(AsrError, match="Port 70000 cannot be used"):
        _check_free(70000)


def test_the_file_of_options_and_the_launcher_agree():
    sections = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text("utf-8"))
    for section in ("server", "browser", "client", "logger"):
        for name, value in sections[section].items():
            if name != "maxUploadSize":
                assert PRIVATE[f"{section}.{name}"] == value


# Parses a 5 MB upload as Streamlit does and prints which files were opened for writing meanwhile.
UPLOAD = """
import asyncio, os, sys
from starlette.requests import Request
from ui_components.launch import page_server
if sys.argv[1] == "launched":
    page_server(browser=False)
opened = []
WRITING = os.O_WRONLY | os.O_RDWR
def watch(event, args):
    if event == "open" and isinstance(args[2], int) and args[2] & WRITING:
        opened.append(args[0])
sys.addaudithook(watch)
body = (b'--x\\r\\nContent-Disposition: form-data; name="file"; filename="a.wav"\\r\\n\\r\\n'
        + bytes(5_000_000) + b"\\r\\n--x--\\r\\n")
parts = [body[i:i + 65536] for i in range(0, len(body), 65536)]
async def receive():
    part = parts.pop(0)
    return {"type": "http.request", "body": part, "more_body": bool(parts)}
async def parse():
    kind = (b"content-type", b"multipart/form-data; boundary=x")
    form = await Request({"type": "http", "headers": [kind]}, receive).form()
    assert form["file"].size == 5_000_000
    await form.close()
asyncio.run(parse())
print(len(opened))
"""


@pytest.mark.parametrize(("start", "opens_files"), [("launched", False), ("plain", True)])
def test_an_upload_touches_no_file(start, opens_files):
    """Without the launcher's setting it does, which shows that the watch sees it."""
    done = subprocess.run(
        [sys.executable, "-c", UPLOAD, start], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (int(done.stdout) > 0) is opens_files
