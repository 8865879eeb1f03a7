"""A tab of the page without a browser: it speaks with the server as Streamlit's own script does."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import ExitStack, suppress
from typing import ClassVar

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from waiting import PATIENCE
from websockets.sync.client import connect


class Tab:
    """One connection; `session` reconnects as a page does whose connection was lost."""

    _cache: ClassVar[dict[str, bytes]] = {}

    def __init__(self, server, session: str = "") -> None:
        self._server = server
        answer = server.ask("/_stcore/health", Cookie=server.cookie)
        xsrf = answer.getheader("set-cookie").partition(";")[0]
        self.headers = {"Cookie": f"{server.cookie}; {xsrf}"}
        self.xsrf = xsrf.partition("=")[2]
        protocols = ["streamlit", self.xsrf, *([session] if session else [])]
        self._open = ExitStack()
        self._socket = self._open.enter_context(
            connect(
                f"ws://{server.host}/_stcore/stream",
                origin=f"http://{server.host}",
                subprotocols=protocols,
                additional_headers=self.headers,
                max_size=None,
                open_timeout=PATIENCE,
                close_timeout=1.0,
            )
        )
        self.session, self.elements = session, {}
        self.look()

    def look(self, *states) -> None:
        """Let the script run, with these states of widgets, and take in what it draws."""
        message = BackMsg()
        message.rerun_script.widget_states.widgets.extend(states)
        self._send(message)
        while (found := self._next()).WhichOneof("type") != "script_finished":
            if found.HasField("new_session"):
                self.session = found.new_session.initialize.session_id
                self.elements = {}
            elif found.HasField("delta") and found.delta.HasField("new_element"):
                place = tuple(found.metadata.delta_path)
                self.elements[place] = found.delta.new_element

    @property
    def text(self) -> str:
        """All that is on the page, with what its components were given."""
        return "\n".join(str(element) for element in self.elements.values())

    def look_for(self, words: str) -> None:
        """Look until these words are on the page."""
        end = time.monotonic() + PATIENCE
        while words not in self.text:
            assert time.monotonic() < end, f"{words!r} never came"
            time.sleep(0.2)
            self.look()

    def address(self, name: str, looking: bool = False):
        """Where a file of this name may be put; with `looking` the script runs again meanwhile."""
        message = BackMsg()
        message.file_urls_request.request_id = "1"
        message.file_urls_request.session_id = self.session
        message.file_urls_request.file_names.append(name)
        self._send(message)
        if looking:
            again = BackMsg()
            again.rerun_script.SetInParent()
            self._send(again)
        while not (found := self._next()).HasField("file_urls_response"):
            pass
        return found.file_urls_response.file_urls[0]

    def drop(self, name: str, data: bytes) -> None:
        """Give a recording."""
        urls = self.address(name)
        self.put(urls.upload_url, form(name, data))
        uploader = next(e for e in self.elements.values() if e.HasField("file_uploader"))
        info = UploadedFileInfo(file_id=urls.file_id, name=name, size=len(data), file_urls=urls)
        state = BackMsg().rerun_script.widget_states.widgets.add()
        state.id = uploader.file_uploader.id
        state.file_uploader_state_value.uploaded_file_info.append(info)
        self.look(state)

    def put(self, path: str, body: bytes, n_sent: int | None = None) -> None:
        """Send a file; with `n_sent` the line goes dead after so many bytes."""
        line = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=PATIENCE)
        kind = {"Content-Type": "multipart/form-data; boundary=x", "X-Xsrftoken": self.xsrf}
        length = {"Content-Length": str(len(body))}
        line.putrequest("PUT", path)
        for name, value in (self.headers | kind | length).items():
            line.putheader(name, value)
        line.endheaders()
        with suppress(BrokenPipeError, ConnectionResetError):
            line.send(body[:n_sent])
        if n_sent is None:
            assert line.getresponse().status == 204
        line.close()

    def close(self) -> None:
        """Close the tab."""
        self._open.close()

    def _send(self, message: BackMsg) -> None:
        self._socket.send(message.SerializeToString())

    def _next(self) -> ForwardMsg:
        found = ForwardMsg.FromString(self._socket.recv(timeout=PATIENCE))
        if found.HasField("ref_hash"):  # long, and sent before
            cached, place = self._cache[found.ref_hash], found.metadata
            found = ForwardMsg.FromString(cached)
            found.metadata.CopyFrom(place)
        elif found.hash:
            self._cache[found.hash] = found.SerializeToString()
        return found


def form(name: str, data: bytes) -> bytes:
    """A file as a browser packs it."""
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename={json.dumps(name)}'
    return head.encode() + b"\r\nContent-Type: audio/wav\r\n\r\n" + data + b"\r\n--x--\r\n"
