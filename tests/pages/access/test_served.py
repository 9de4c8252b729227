"""A server that others can reach, asked as a stranger, a guest and the operator ask it."""

import http.client
import time
from collections.abc import Iterator
from socket import create_connection

import pytest
from starlette.responses import PlainTextResponse
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pages.access import upload_bounds
from pages.access.gate import Gate
from pages.access.tokens import close_access, open_access
from pages.access.upload_bounds import UploadBounds
from tests.support.asgi import run_coroutine
from tests.support.pages.open_house import STRANGE_HOST, OpenHouse, serve_open_house
from tests.support.stand_ins.websocket_visit import WebsocketVisit

ROUTES = (
    "/",
    "/train",
    "/invite",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/static/js/index.js",
    "/media/a.wav",
    "/component/streamlit_webrtc.component.webrtc_streamer/index.html",
    "/_stcore/bidi-components/x",
    "/_stcore/upload_file/a/b",
    "/_stcore/stream",
)
TTL_S = 1


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[OpenHouse]:
    options = ("--server.disconnectedSessionTTL", str(TTL_S))
    with serve_open_house(tmp_path_factory.mktemp("open"), *options) as running:
        yield running


def ask(house: OpenHouse, method: str, path: str, body: bytes | None = None, **headers: str):
    """-> (status, headers, text) of a request; its name is not this machine's, unless `Host` says so."""
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=60)
    connection.request(method, path, body, {"Host": f"{STRANGE_HOST}:{house.port}", **headers})
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    connection.close()
    return answer.status, answer.headers, text


def test_a_stranger_gets_nothing_but_the_page_that_asks(house):
    for path in ROUTES:
        status, headers, text = ask(house, "GET", path)
        assert status == 401 and "This Earmark is private" in text, path
        assert "set-cookie" not in headers
    for method in ("PUT", "POST", "DELETE", "OPTIONS", "HEAD"):
        assert ask(house, method, "/_stcore/upload_file/a/b", b"x" * (method != "HEAD"))[0] == 401


@pytest.mark.parametrize("cookie", ["", "earmark-1=x", "{0}=", "{0}=wrong", "{0}=é", "=;{0}"])
def test_no_websocket_for_a_stranger(house, cookie):
    with pytest.raises(InvalidStatus) as refused:
        socket(
            house,
            f"{STRANGE_HOST}:{house.port}",
            cookie.format(f"earmark-{house.port}").encode().decode("latin-1"),
        )
    assert refused.value.response.status_code == 403


def socket(house: OpenHouse, host: str, cookie: str, origin: str = ""):
    """A websocket to the server, under a name."""
    headers = {"Cookie": cookie, "Origin": origin or f"http://{host}"}
    return connect(
        f"ws://{host}/_stcore/stream",
        sock=create_connection(("127.0.0.1", house.port)),
        additional_headers=headers,
        subprotocols=["streamlit"],
        legacy=True,
    )


def test_a_token_in_the_address_becomes_a_cookie(house):
    status, headers, _ = ask(house, "GET", f"/train?step=Watch&token={house.guest_token}")
    assert (status, headers["location"]) == (303, "/train?step=Watch")
    assert headers["set-cookie"].startswith(house.cookie(house.guest_token))
    assert {"HttpOnly", "SameSite=lax"} <= set(headers["set-cookie"].split("; "))
    cookie = house.cookie(house.guest_token)
    assert ask(house, "GET", "/train", Cookie=cookie)[0] == 200
    socket(house, f"{STRANGE_HOST}:{house.port}", cookie).close()
    assert ask(house, "GET", f"//evil.example/?token={house.guest_token}")[1]["location"] == "/evil.example/"


def test_a_wrong_token_says_so_and_a_pasted_address_is_understood(house):
    status, headers, text = ask(house, "GET", "/?token=wrong")
    assert status == 401 and "does not open it" in text and "set-cookie" not in headers
    pasted = f"http%3A%2F%2Fa.example%2F%3Ftoken%3D{house.operator_token}"
    status, headers, _ = ask(house, "GET", f"/?token={pasted}")
    assert status == 303 and headers["set-cookie"].startswith(house.cookie(house.operator_token))


def test_another_site_cannot_use_the_cookie(house):
    cookie, host = house.cookie(house.operator_token), f"{STRANGE_HOST}:{house.port}"
    with pytest.raises(InvalidStatus):
        socket(house, host, cookie, "http://evil.example")
    status, _, text = ask(
        house, "PUT", "/_stcore/upload_file/a/b", b"x", Cookie=cookie, Origin="http://evil.example"
    )
    assert status == 403 and "Another site" in text
    assert ask(house, "GET", "/", Cookie=cookie)[1]["x-frame-options"] == "SAMEORIGIN"


def test_who_sits_at_the_machine_is_the_operator(house):
    assert ask(house, "GET", "/", Host=f"localhost:{house.port}")[0] == 200
    proxied = {"Host": f"localhost:{house.port}", "X-Forwarded-For": "192.0.2.7"}
    assert ask(house, "GET", "/", **proxied)[0] == 401
    with WebsocketVisit(house.address) as operator:
        assert "invite" in operator.pages
    with WebsocketVisit(house.address, house.cookie(house.guest_token)) as guest:
        assert guest.pages and "invite" not in guest.pages


def test_a_visit_that_is_over_is_forgotten_though_nobody_comes(house):
    with WebsocketVisit(house.address) as visitor:
        assert visitor.upload("uploader_0", "notes.txt", b"no music") < 300
        assert "UploadedFileManager" in metrics(house)
    deadline = time.monotonic() + 60
    while "UploadedFileManager" in metrics(house):
        assert time.monotonic() < deadline, "its files are still in memory"
        time.sleep(0.5)


def metrics(house: OpenHouse) -> str:
    return ask(house, "GET", "/_stcore/metrics", Host=f"localhost:{house.port}")[2]


def test_an_upload_says_how_long_it_is(house):
    def chunks():
        yield b"x"

    headers = {"Host": f"localhost:{house.port}", "Transfer-Encoding": "chunked"}
    assert ask(house, "PUT", "/_stcore/upload_file/a/b", chunks(), **headers)[0] == 411


def test_uploads_are_bounded_in_a_visit_and_in_all(monkeypatch):
    stored = {"a": 3}
    monkeypatch.setattr(upload_bounds, "stored_bytes", lambda: stored)
    bounds = UploadBounds(visit_bytes=10, total_bytes=20)
    assert bounds.enter("a", 7) and not bounds.enter("a", 1), "stored and under way count together"
    assert bounds.enter("b", 10) and not bounds.enter("c", 1), "and those of all visits"
    bounds.leave("b", 10)
    assert bounds.enter("c", 10)


def test_a_full_house_says_so_and_lets_those_inside_go_on():
    answers: list[int] = []
    gates: list[Gate] = []

    async def app(scope, receive, send):
        if scope["type"] == "websocket":  # while one visit is open, another page and a part of this one
            answers.extend([await status_of(gates[0], "/train"), await status_of(gates[0], "/media/a.wav")])
        else:
            await PlainTextResponse("here")(scope, receive, send)

    gates.append(Gate(app, max_visits=1))
    open_access("localhost", 8501, is_https=False)
    try:
        run_coroutine(gates[0](request("websocket", "/_stcore/stream"), receive_nothing, send_nothing))
        assert answers == [503, 200]
        assert run_coroutine(status_of(gates[0], "/train")) == 200, "somebody has left"
    finally:
        close_access()


def request(kind: str, path: str) -> dict:
    headers = [(b"host", b"localhost:8501")]
    return {
        "type": kind, "method": "GET", "path": path, "query_string": b"", "headers": headers,
        "client": ("127.0.0.1", 1),
    }  # fmt: skip


async def receive_nothing() -> dict:
    return {"type": "http.request", "body": b"", "more_body": False}


async def send_nothing(message: dict) -> None:
    pass


async def status_of(gate: Gate, path: str) -> int:
    statuses = []

    async def send(message: dict) -> None:
        statuses.append(message.get("status"))

    await gate(request("http", path), receive_nothing, send)
    return statuses[0]
