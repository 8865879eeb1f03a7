"""Who may ask: whoever shows the token, and without one this computer's own programs alone."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_OURS = ("127.0.0.1", "localhost", "[::1]")
_OPEN = ("/health",)  # says nothing but that there is a server


class Gate:
    """Turns away what no program of the user's sends.

    A web page in the user's browser could send a recording here without asking first, and one that
    leads its own name to this address could read the answer: browsers say where a request comes
    from, and for whom it is meant.

    Args:
        token: that must be shown; empty: only requests meant for loopback are answered.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refused = self._refused(Headers(scope=scope), scope["path"])
        await (refused or self._app)(scope, receive, send)

    def _refused(self, headers: Headers, path: str) -> JSONResponse | None:
        if "origin" in headers:
            return refusal(403, "Web pages are not answered.")
        host = headers.get("host", "").lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if not self._token:
            return None if name in _OURS else refusal(403, "Only this computer is answered.")
        shown = headers.get("authorization", "").removeprefix("Bearer ").encode()
        if path in _OPEN or hmac.compare_digest(shown, self._token.encode()):
            return None
        return refusal(401, "Show the token: Authorization: Bearer ...")


def refusal(status: int, message: str, retry_after: int | None = None) -> JSONResponse:
    """An error as OpenAI's clients read it."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return JSONResponse({"error": error(status, message)}, status, headers)


def error(status: int, message: str) -> dict[str, object]:
    """What stands under "error"."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"message": message, "type": kind, "param": None, "code": status}
