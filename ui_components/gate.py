"""The one middleware: who may come in (Host, Origin, start key) and what goes out (headers)."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAMES = ("127.0.0.1", "localhost")
COOKIE = "sottovoce"  # the port is added: browsers share cookies between ports of one host

_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws://{host}",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "base-uri 'self'",
    ]
)

_KEY_USED = (
    "This start address has been used, or it belongs to an earlier start. "
    "Close Sottovoce and start it again to get a new one."
)
_NO_ENTRY = (
    "This page opens only from the address that Sottovoce printed when it started. "
    "Start it again to get a new one."
)


class Entrance:
    """The start key, good for one browser, and the cookie that browser carries from then on."""

    def __init__(self) -> None:
        self.key: str | None = secrets.token_urlsafe(32)
        self.cookie = secrets.token_urlsafe(32)

    def redeem(self, key: str) -> bool:
        """True for the right key the first time; the key is void afterwards."""
        if self.key is None or not _same(key, self.key):
            return False
        self.key = None
        return True

    def knows(self, cookie: str) -> bool:
        """True for the cookie handed out for the key."""
        return _same(cookie, self.cookie)


class Gate:
    """ASGI middleware that lets in only the browser that holds the start key.

    Every HTTP route and WebSocket must name this server as Host, must not come from another
    page (an Origin, if present, equals the Host) and must carry the cookie. `GET /?key=...` trades
    the one-time key for the cookie and goes on to `/`. All else gets 403. Every answer leaves with
    headers that keep it out of caches and keep the page from loading anything from elsewhere.
    """

    def __init__(self, app: ASGIApp, entrance: Entrance) -> None:
        self._app = app
        self._entrance = entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        host = _trusted_host(scope)
        if scope["type"] == "websocket":
            if host and self._has_cookie(scope):
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})  # the browser sees 403
            return
        answer = self._door(scope) if host else _refusal("This address is not Sottovoce's.")
        await (answer or self._app)(scope, receive, _sealed(send, scope["path"], host))

    def _door(self, scope: Scope) -> Response | None:
        """The answer at the door, None for a browser that may go on."""
        key = parse_qs(scope["query_string"].decode("latin-1")).get("key", [""])[-1]
        if scope["path"] == "/" and scope["method"] == "GET" and key:
            if self._has_cookie(scope):
                return RedirectResponse("/", 303)
            if not self._entrance.redeem(key):
                return _refusal(_KEY_USED)
            answer = RedirectResponse("/", 303)
            answer.set_cookie(
                _cookie_name(scope), self._entrance.cookie, httponly=True, samesite="strict"
            )
            return answer
        return None if self._has_cookie(scope) else _refusal(_NO_ENTRY)

    def _has_cookie(self, scope: Scope) -> bool:
        return self._entrance.knows(HTTPConnection(scope).cookies.get(_cookie_name(scope), ""))


def _trusted_host(scope: Scope) -> str | None:
    """The Host header if it names this very server and no foreign page is asking, else None."""
    headers = Headers(scope=scope)
    hosts, origins = headers.getlist("host"), headers.getlist("origin")
    _, port = scope["server"]
    if len(hosts) != 1 or hosts[0] not in [f"{name}:{port}" for name in NAMES]:
        return None
    if origins and origins != [f"http://{hosts[0]}"]:
        return None
    return hosts[0]


def _sealed(send: Send, path: str, host: str | None) -> Send:
    """`send` with the headers of privacy added to the start of the answer."""

    async def sealed_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = _POLICY.format(host=host or "127.0.0.1")
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "no-referrer"
            headers["Cross-Origin-Resource-Policy"] = "same-origin"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            if not path.startswith("/static/"):  # Streamlit's own scripts and fonts, no user's data
                headers["Cache-Control"] = "no-store"
        await send(message)

    return sealed_send


def _refusal(sentence: str) -> Response:
    return PlainTextResponse(sentence, 403)


def _cookie_name(scope: Scope) -> str:
    return f"{COOKIE}-{scope['server'][1]}"


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(), wanted.encode())
