"""The gate, asked directly as an ASGI application."""

from __future__ import annotations

import asyncio

import pytest

from ui_components.gate import Entrance, Gate

HOST = "127.0.0.1:8765"


class Inside:
    """What lies behind the gate; it remembers who came in."""

    def __init__(self):
        self.visits = []

    async def __call__(self, scope, receive, send):
        self.visits.append((scope["type"], scope.get("path")))
        if scope["type"] == "http":
            headers = [(b"content-type", b"text/html"), (b"cache-control", b"public, max-age=60")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"inside"})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.accept"})


@pytest.fixture
def entrance():
    return Entrance()


@pytest.fixture
def inside():
    return Inside()


@pytest.fixture
def ask(entrance, inside):
    """Sends one request through the gate; gives what it sent back, merged into one dict."""
    gate = Gate(inside, entrance)

    def ask(path="/", query="", kind="http", method="GET", host=HOST, origin=None, cookie=None):
        headers = [(b"host", name.encode()) for name in ([host] if isinstance(host, str) else host)]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        if cookie is not None:
            headers.append((b"cookie", cookie.encode()))
        scope = {
            "type": kind,
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": headers,
            "server": ("127.0.0.1", 8765),
        }
        answer = {}

        async def send(message):
            answer.update(message)

        async def receive():
            return {"type": f"{kind}.connect"}

        asyncio.run(gate(scope, receive, send))
        answer["headers"] = {
            name.decode(): value.decode() for name, value in answer.get("headers", [])
        }
        return answer

    return ask


@pytest.fixture
def cookie(entrance):
    return f"sottovoce-8765={entrance.cookie}"


def test_the_key_is_traded_for_a_cookie_that_opens_every_route(ask, entrance, inside):
    answer = ask(query=f"key={entrance.key}")
    assert answer["status"] == 303
    assert answer["headers"]["location"] == "/"
    given = answer["headers"]["set-cookie"]
    assert "HttpOnly" in given
    assert "SameSite=strict" in given
    assert inside.visits == []
    cookie = given.partition(";")[0]
    assert ask(cookie=cookie)["status"] == 200
    assert ask("/_stcore/upload_file/a/b", method="PUT", cookie=cookie)["status"] == 200
    assert ask("/_stcore/stream", kind="websocket", cookie=cookie)["type"] == "websocket.accept"


def test_the_key_works_once(ask, entrance):
    key = entrance.key
    assert ask(query=f"key={key}")["status"] == 303
    again = ask(query=f"key={key}")
    assert again["status"] == 403
    assert b"has been used" in again["body"]


def test_a_browser_that_is_in_may_open_the_start_address_again(ask, entrance, cookie):
    assert ask(query=f"key={entrance.key}", cookie=cookie)["headers"]["location"] == "/"
    assert entrance.key is not None  # and another one may still use the key


@pytest.mark.parametrize("query", ["", "key=", "key=wrong", "token=x", "key=%E5%85%B3"])
def test_without_the_right_key_the_door_stays_shut(ask, entrance, inside, query):
    assert ask(query=query)["status"] == 403
    assert inside.visits == []
    assert entrance.key is not None


def test_the_key_opens_nothing_but_the_front_door(ask, entrance, inside):
    assert ask("/media/a.wav", query=f"key={entrance.key}")["status"] == 403
    assert ask("/", query=f"key={entrance.key}", method="POST")["status"] == 403
    assert entrance.key is not None
    assert inside.visits == []


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/media/a.wav", "/static/js/index.js"])
@pytest.mark.parametrize("cookie", [None, "sottovoce-8765=wrong", "sottovoce-9999=x; =; a"])
def test_no_http_route_opens_without_the_cookie(ask, inside, path, cookie):
    assert ask(path, cookie=cookie)["status"] == 403
    assert inside.visits == []


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8765",
        "127.0.0.1:9999",
        "127.0.0.1",
        "127.0.0.1.evil.example:8765",
        "[::1]:8765",
        "",
        [],
        [HOST, "evil.example"],
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_another_name_for_this_server_is_refused(ask, cookie, inside, host, kind):
    answer = ask("/_stcore/stream", host=host, kind=kind, cookie=cookie)
    assert answer.get("status") == 403 or answer["type"] == "websocket.close"
    assert inside.visits == []


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1:9999",
        "http://localhost:8765",
        "https://127.0.0.1:8765",
        "null",
        "",
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_foreign_page_is_refused_even_with_the_cookie(ask, cookie, inside, origin, kind):
    answer = ask("/_stcore/stream", origin=origin, kind=kind, cookie=cookie)
    assert answer.get("status") == 403 or answer["type"] == "websocket.close"
    assert inside.visits == []


def test_its_own_page_is_let_in_with_an_origin(ask, cookie):
    assert ask(origin=f"http://{HOST}", cookie=cookie)["status"] == 200
    answer = ask("/_stcore/stream", kind="websocket", origin=f"http://{HOST}", cookie=cookie)
    assert answer["type"] == "websocket.accept"


def test_a_websocket_without_the_cookie_is_closed(ask, inside):
    assert ask("/_stcore/stream", kind="websocket")["type"] == "websocket.close"
    assert inside.visits == []


def test_a_good_cookie_counts_among_broken_ones_of_other_servers(ask, cookie):
    assert ask(cookie=f'a="b; {{"x": 1}}; ,,; {cookie}; c')["status"] == 200


@pytest.mark.parametrize("let_in", [True, False])
def test_every_answer_keeps_the_page_to_itself(ask, cookie, let_in):
    headers = ask("/media/a.wav", cookie=cookie if let_in else None)["headers"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert f"connect-src 'self' ws://{HOST};" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http:" not in policy
    assert "https:" not in policy


def test_only_streamlits_own_scripts_may_be_cached(ask, cookie):
    assert ask("/static/js/a.js", cookie=cookie)["headers"]["cache-control"] == "public, max-age=60"
    assert ask("/", cookie=cookie)["headers"]["cache-control"] == "no-store"


def test_the_lifespan_passes_through(entrance, inside):
    asyncio.run(Gate(inside, entrance)({"type": "lifespan"}, None, None))
    assert inside.visits == [("lifespan", None)]


def test_two_starts_share_no_secret():
    one, other = Entrance(), Entrance()
    assert len({one.key, one.cookie, other.key, other.cookie}) == 4
    assert all(len(secret) >= 43 for secret in (one.key, one.cookie))  # 256 bits
