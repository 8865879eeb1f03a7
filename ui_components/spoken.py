"""Where the page sends what is being spoken; the gate lets no other page come here."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ui_components.state import runs

MAX_BLOCK = 1 << 24  # bytes; a page that could not send for a while has more to send at once


async def _take(request: Request) -> Response:
    """More of a recording, as 16-bit mono sound; nothing at its end.

    Answers 204, or 410 where nobody wants it: it is over, forgotten, or as long as it may be.
    """
    run = runs().live(request.path_params["job"])
    block = bytearray()
    async for part in request.stream():
        block += part
        if len(block) > MAX_BLOCK:
            return Response(status_code=413)
    live = None if run is None else run.live
    if run is None or live is None:
        return Response(status_code=410)
    if block:
        return Response(status_code=204 if live.add(bytes(block)) else 410)
    await run_in_threadpool(runs().finish, run)
    return Response(status_code=204)


route = Route("/spoken/{job}", _take, methods=["POST"])
