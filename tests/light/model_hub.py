"""A small model hub on loopback that speaks the real one's protocol, and can be made to fail.

What huggingface_hub's client asks: the list of files of a model at a revision, with sizes and
digests; then each file, small ones as they are, large ones (LFS) by a redirect to a storage.

Source: huggingface_hub 2.4, `hf_api.model_info`, `list_repo_tree` and `file_download`.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 100_000  # bytes; from here on a file is kept by LFS

_API = re.compile(
    r"/api/models/(?P<repo>[^/]+/[^/]+)(/(?P<kind>revision|tree)/(?P<revision>[^/]+))?"
)
_FILE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")


class ModelHub:
    """Serves `models`; what it was asked is in `asked`.

    Attributes:
        models: files by the name of their model.
        asked: method, path, Range header and Authorization header of each request.
        agents: what those who asked called themselves.
        cuts: bytes after which the next answers with a large file break off, one each.
        lies: files that are sent with other bytes than were announced.
        pause: seconds after every MB of a large file.
        failure: status and X-Error-Code of every answer, instead.
        storage: where large files are said to be: on another host, as the real hub's are.
        ranges: False to send whole files whatever part was asked for.
    """

    def __init__(self) -> None:
        self.models: dict[str, dict[str, bytes]] = {}
        self.asked: list[tuple[str, str, str | None, str | None]] = []
        self.agents: set[str | None] = set()
        self.cuts: list[int] = []
        self.lies: set[str] = set()
        self.pause = 0.0
        self.failure: tuple[int, str] | None = None
        self.ranges = True
        self.commit = COMMIT
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub.answer(self)

            def do_HEAD(self) -> None:
                hub.answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self.storage = f"http://localhost:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def large_sent(self) -> list[str | None]:
        """The Range header of each request for a large file's bytes."""
        return [part for _, path, part, _ in self.asked if path.startswith("/storage/")]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(request.path).path)
        headers = request.headers
        self.asked.append((request.command, path, headers["Range"], headers["Authorization"]))
        self.agents.add(headers["User-Agent"])
        if self.failure is not None:
            status, code = self.failure
            return _send(request, status, b"", {"X-Error-Code": code} if code else {})
        if path.startswith("/storage/"):
            return self._stored(request, path.removeprefix("/storage/"))
        found = _API.fullmatch(path) or _FILE.fullmatch(path)
        files = self.models.get(found["repo"]) if found else None
        if found is None or files is None:
            return _send(request, 401, b"", {"X-Error-Code": "RepoNotFound"})
        if found["revision"] not in (None, "main", self.commit):
            return _send(request, 404, b"", {"X-Error-Code": "RevisionNotFound"})
        if path.startswith("/api/"):
            told = _tree(files) if found["kind"] == "tree" else self._info(found["repo"], files)
            return _send(request, 200, json.dumps(told).encode(), {})
        if found["file"] not in files:
            return _send(request, 404, b"", {"X-Error-Code": "EntryNotFound"})
        return self._file(request, found["file"], files[found["file"]])

    def _info(self, repo: str, files: dict[str, bytes]) -> dict[str, Any]:
        siblings = []
        for name, data in files.items():
            sibling = {"rfilename": name, "size": len(data), "blobId": _git_sha1(data)}
            if len(data) >= LARGE:
                digest = hashlib.sha256(data).hexdigest()
                sibling["lfs"] = {"sha256": digest, "size": len(data), "pointerSize": 134}
            siblings.append(sibling)
        return {"id": repo, "sha": self.commit, "siblings": siblings, "private": False}

    def _file(self, request: BaseHTTPRequestHandler, name: str, data: bytes) -> None:
        sent = bytes(len(data)) if name in self.lies else data
        headers = {"X-Repo-Commit": self.commit, "ETag": f'"{_git_sha1(data)}"'}
        if len(data) < LARGE:
            return _send(request, 200, sent, headers)
        digest = hashlib.sha256(data).hexdigest()
        headers |= {"X-Linked-Size": str(len(data)), "X-Linked-ETag": f'"{digest}"'}
        headers["Location"] = f"{self.storage}/storage/{name}/{digest}"
        return _send(request, 302, b"", headers)

    def _stored(self, request: BaseHTTPRequestHandler, key: str) -> None:
        name, _, digest = key.rpartition("/")
        data = next(
            data
            for files in self.models.values()
            for data in files.values()
            if hashlib.sha256(data).hexdigest() == digest
        )
        data = bytes(len(data)) if name in self.lies else data
        start = 0
        if self.ranges and (asked := re.fullmatch(r"bytes=(\d+)-", request.headers["Range"] or "")):
            start = int(asked[1])
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(data) - start))
        request.send_header("ETag", f'"{digest}"')
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        request.end_headers()
        if request.command == "HEAD":
            return
        end = len(data)
        if self.cuts:
            end = min(end, start + self.cuts.pop(0))
        try:
            for at in range(start, end, 1 << 20):
                request.wfile.write(data[at : min(at + (1 << 20), end)])
                time.sleep(self.pause)
        except OSError:  # whoever asked is gone
            request.close_connection = True
        if end < len(data):
            request.close_connection = True


def _tree(files: dict[str, bytes]) -> list[dict[str, Any]]:
    entries = []
    for name, data in files.items():
        entry = {"type": "file", "path": name, "size": len(data), "oid": _git_sha1(data)}
        if len(data) >= LARGE:
            digest = hashlib.sha256(data).hexdigest()
            entry["lfs"] = {"oid": digest, "size": len(data), "pointerSize": 134}
        entries.append(entry)
    return entries


def _send(
    request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]
) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)


def _git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
