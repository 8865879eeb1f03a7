"""The page without a browser: what Streamlit's JavaScript says to the server, said by a script.

It uploads, lets the page's fragments run again when they ask for it, presses buttons and fetches
downloads, all through the gate and with the cookie, like a browser that draws nothing.
"""

from __future__ import annotations

import http.client
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any, NamedTuple

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PATIENCE_S = 240.0  # for a machine that is busy with other things
PIECE = 1 << 16  # bytes of an upload that are sent at once

_ID = re.compile(r"\$\$ID-[0-9a-f]+-(.+)")  # of a widget that has a key


class PageGone(Exception):  # noqa: N818, it is what a test waits for
    """The page's server is no more."""


class Upload(NamedTuple):
    """A file on its way up."""

    finish: Callable[[], None]  # sends the rest, and tells the page
    cut: Callable[[], None]  # the line goes dead


class _Drawn(NamedTuple):
    fragment: str
    packed: bytes


class PageClient:
    """One tab.

    Args:
        session: of a page whose connection was lost, which this one takes up again.
        explain: what else there is to say when something never comes true.

    Attributes:
        session: as the server calls it.
        widgets: the ids of the widgets that the page has, by their keys, as far as they have one.
    """

    def __init__(
        self, host: str, cookie: str, session: str = "", explain: Callable[[], str] = str
    ) -> None:
        self._host = host
        self._explain = explain
        self._closing = ExitStack()
        self._cookie = cookie
        self._xsrf = self._token()
        self._cookie += f"; _streamlit_xsrf={self._xsrf}"
        self._socket = self._closing.enter_context(
            connect(
                f"ws://{host}/_stcore/stream",
                origin=f"http://{host}",  # type: ignore[arg-type]
                additional_headers={"Cookie": self._cookie},
                subprotocols=["streamlit", self._xsrf, *([session] if session else [])],  # type: ignore[list-item]
                max_size=None,
                open_timeout=PATIENCE_S,
                close_timeout=1.0,
            )
        )
        self.session = session
        self.widgets: dict[str, str] = {}
        self._drawn: dict[tuple[int, ...], _Drawn] = {}
        self._known: dict[str, Delta] = {}  # what the server may send again by its hash alone
        self._states: dict[str, WidgetState] = {}
        self._again: dict[str, tuple[float, float]] = {}  # fragment: interval, when it is due
        self._n_runs = 0  # of the whole script, that have begun
        self._is_running = False
        self._deferred = ""  # the file behind the download button
        self._answers: dict[str, ForwardMsg] = {}
        self._heard_at = time.monotonic()  # the server's last message
        self._rerun()

    def __enter__(self) -> PageClient:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the tab; the server may be gone already."""
        with suppress(OSError, ConnectionClosed):
            self._closing.close()

    def shows(self, text: str) -> bool:
        """True when the page, as far as it is drawn, holds a text."""
        return any(text.encode() in drawn.packed for drawn in self._drawn.values())

    @property
    def is_still(self) -> bool:
        """True when the page is drawn, and no part of it asks to be drawn again by itself."""
        return not self._is_running and not self._again

    def until(self, claim: Callable[[], object], patience: float = PATIENCE_S) -> None:
        """Live as the page until something is so.

        Raises:
            PageGone: the server ended first.
            TimeoutError: it never was.
        """
        end = time.monotonic() + patience
        while not claim():
            now = time.monotonic()
            if now > end:
                raise TimeoutError(
                    f"it never came true; the server's last word is {now - self._heard_at:.0f} s "
                    f"old; {len(self._again)} fragments run by themselves; the page shows "
                    f"{self._words()}\n{self._explain()}"
                )
            self._run_what_is_due(now)
            with suppress(TimeoutError):
                self._take(self._received(timeout=0.02))

    def live(self, seconds: float) -> None:
        """Live as the page for a while."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end)

    def until_shown(self, text: str) -> None:
        """Live as the page until it shows a text."""
        self.until(lambda: self.shows(text))

    def look(self, state: WidgetState | None = None) -> None:
        """Let the whole script run once more, with a widget in this state."""
        self.until(lambda: not self._is_running)
        if state is not None:
            self._states[state.id] = state
        runs = self._n_runs
        self._rerun()
        if state is not None and state.trigger_value:
            del self._states[state.id]  # it is pressed once
        self.until(lambda: self._n_runs > runs and not self._is_running)

    def place(self, name: str, is_busy: bool = False) -> FileURLs:
        """Where a file of this name may be put; the script may run again in the same moment."""
        request = secrets.token_hex(4)
        message = BackMsg()
        message.file_urls_request.request_id = request
        message.file_urls_request.session_id = self.session
        message.file_urls_request.file_names.append(name)
        self._say(message)
        if is_busy:
            self._rerun()
        self.until(lambda: request in self._answers)
        return self._answers.pop(request).file_urls_response.file_urls[0]

    def drop(self, name: str, data: bytes) -> None:
        """Give a recording."""
        self.upload(name, data).finish()

    def upload(self, name: str, data: bytes, hold_at: float = 1.0) -> Upload:
        """Send a file up to a share of its bytes.

        Raises:
            PageGone: the server ended meanwhile.
        """
        self.until(lambda: self._uploader)
        place = self.place(name)
        boundary = secrets.token_hex(16)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
            "Content-Type: audio/wav\r\n\r\n"
        ).encode()
        body = head + data + f"\r\n--{boundary}--\r\n".encode()
        connection = self._connection()
        headers = {
            "Cookie": self._cookie,
            "X-Xsrftoken": self._xsrf,
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(body)),
        }
        connection.putrequest("PUT", place.upload_url)
        for header in headers.items():
            connection.putheader(*header)
        connection.endheaders()
        cut = int(len(body) * hold_at)
        self._send_all(connection, body[:cut])

        def finish() -> None:
            self._send_all(connection, body[cut:])
            status = connection.getresponse().status
            assert status == 204, status
            self._give(name, len(data), place)

        return Upload(finish, connection.close)

    def set(self, key: str, **value: object) -> None:
        """Set the widget with this key, and wait for the page: bool_value=True, and so on."""
        self.until(lambda: key in self.widgets)
        state = WidgetState(id=self.widgets[key])
        for kind, given in value.items():
            if isinstance(given, list):
                getattr(state, kind).data.extend(given)
            else:
                setattr(state, kind, given)
        self.look(state)

    def fetch(self) -> Iterator[bytes]:
        """Press the download button: first b"" when the file is asked for, then its pieces."""
        self.until(lambda: self._deferred)
        request = secrets.token_hex(4)
        message = BackMsg()
        message.backend_operation_request.request_id = request
        message.backend_operation_request.session_id = self.session
        message.backend_operation_request.deferred_file.file_id = self._deferred
        self._say(message)
        yield b""
        self.until(lambda: request in self._answers)
        answer = self._answers.pop(request).backend_operation_response
        assert not answer.error_msg, answer.error_msg
        connection = self._connection()
        connection.request("GET", answer.deferred_file.url, headers={"Cookie": self._cookie})
        response = connection.getresponse()
        assert response.status == 200, response.status
        while piece := response.read(PIECE):
            yield piece

    def _token(self) -> str:
        """What proves to the upload route that the page itself uploads."""
        connection = self._connection()
        connection.request("GET", "/_stcore/health", headers={"Cookie": self._cookie})
        cookie = connection.getresponse().getheader("set-cookie", "")
        return cookie.partition("=")[2].partition(";")[0]

    def _connection(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self._host, timeout=PATIENCE_S)
        self._closing.callback(connection.close)
        return connection

    @property
    def _uploader(self) -> str:
        return next((key for key in self.widgets if key.startswith("upload-files")), "")

    def _give(self, name: str, size: int, place: FileURLs) -> None:
        """Tell the page that its uploader has a file."""
        self.until(lambda: self._uploader)
        state = WidgetState(id=self.widgets[self._uploader])
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.file_id, info.name, info.size = place.file_id, name, size
        info.file_urls.CopyFrom(place)
        self._states[state.id] = state
        self._rerun()

    def _rerun(self, fragment: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.widget_states.widgets.extend(self._states.values())
        state.context_info.locale = "en-US"
        if fragment:
            state.fragment_id, state.is_auto_rerun = fragment, True
        self._say(message)

    def _run_what_is_due(self, now: float) -> None:
        for fragment, (interval, due) in list(self._again.items()):
            if now >= due:
                self._again[fragment] = (interval, now + interval)
                self._rerun(fragment)

    def _say(self, message: BackMsg) -> None:
        try:
            self._socket.send(message.SerializeToString())
        except ConnectionClosed:
            raise PageGone from None

    def _received(self, timeout: float) -> bytes:
        try:
            message = self._socket.recv(timeout=timeout)
        except (ConnectionClosed, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise PageGone from None
        assert isinstance(message, bytes)
        return message

    def _take(self, packed: bytes) -> None:
        message = ForwardMsg.FromString(packed)
        self._heard_at = time.monotonic()
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._begin(message)
        elif kind == "auto_rerun":
            interval = message.auto_rerun.interval
            self._again[message.auto_rerun.fragment_id] = (interval, time.monotonic() + interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._again.pop(fragment, None)
        elif kind == "file_urls_response":
            self._answers[message.file_urls_response.response_id] = message
        elif kind == "backend_operation_response":
            self._answers[message.backend_operation_response.request_id] = message
        elif kind == "session_status_changed":
            self._is_running = message.session_status_changed.script_is_running
        elif kind == "delta":
            self._known[message.hash] = message.delta
            self._draw(message.delta, message.metadata)
        elif kind == "ref_hash":
            self._draw(self._known[message.ref_hash], message.metadata)

    def _begin(self, message: ForwardMsg) -> None:
        """The script runs, or fragments of it: what they had drawn they draw anew."""
        self.session = message.new_session.initialize.session_id
        if fragments := set(message.metadata.run.fragment_ids):
            kept = self._drawn.items()
            self._drawn = {place: it for place, it in kept if it.fragment not in fragments}
            return
        self._n_runs += 1
        for of_the_run in (self._again, self._drawn, self.widgets):
            of_the_run.clear()
        self._deferred = ""

    def _draw(self, delta: Delta, metadata: Any) -> None:
        place = tuple(metadata.delta_path)
        self._drawn[place] = _Drawn(delta.fragment_id, delta.SerializeToString())
        drawn = delta.add_block if delta.WhichOneof("type") == "add_block" else delta.new_element
        kind = drawn.WhichOneof("type")
        widget = getattr(drawn, kind) if kind else None
        if found := _ID.fullmatch(getattr(widget, "id", "")):
            self.widgets[found[1]] = found[0]
        if kind == "download_button":
            self._deferred = widget.deferred_file_id  # type: ignore[union-attr]

    def _words(self) -> list[str]:
        """What may be words on the page, the last of them."""
        shown = b"\n".join(drawn.packed for drawn in self._drawn.values())
        return re.findall(r"[\w .,:/%·-]{4,}", shown.decode(errors="replace"))[-80:]

    @staticmethod
    def _send_all(connection: http.client.HTTPConnection, data: bytes) -> None:
        try:
            for start in range(0, len(data), PIECE):
                connection.send(data[start : start + PIECE])
        except OSError:
            raise PageGone from None
