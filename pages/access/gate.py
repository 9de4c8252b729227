"""The gate before Streamlit's server: every request passes it, websockets, uploads and media included.

It lets in who has a token or sits at this machine (pages/access/tokens.py), turns an address with ?token=
into a cookie, refuses what another site's page sends, and bounds the memory that uploads take.
"""

import re
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.access.gate_pages import ask_page, closed_page
from pages.access.tokens import PROXY_HEADERS, Access, Credentials, Role, access
from pages.access.upload_bounds import UploadBounds

COOKIE_S = 7 * 24 * 3600  # seconds in a week; a token lives no longer than the server that made it
UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)/?$")
PARTS = ("/_stcore/", "/static/", "/media/", "/component/")  # paths of what a page loads
POLICY_VIOLATION = 1008  # close code in RFC 6455
MAX_VISITS = 150  # visits at once; one with clips and pieces holds up to 160 MB
MAX_TOKEN_CHARS = 400  # length of an address with a token, pasted whole


class Gate:
    """The gate as ASGI middleware around the whole app."""

    def __init__(
        self, app: ASGIApp, bounds: UploadBounds | None = None, max_visits: int = MAX_VISITS
    ) -> None:
        self.app, self.max_visits, self.n_visits = app, max_visits, 0
        self.bounds = bounds or UploadBounds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):  # the rest is start and end of the server
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._let_in(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()  # receives the request to connect
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            await refusal(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        """Answer a request that is not let in; None for one that is."""
        headers, house = Headers(scope=scope), access()
        if house is None:
            return PlainTextResponse("Earmark is starting: try again in a moment.", 503)
        role = house.role_of(_credentials(scope, headers, house))
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            query = scope.get("query_string", b"").decode("latin-1")
            if tokens := parse_qs(query).get("token"):
                return _answer_token(house, house.role_of_token(_token_in(tokens[-1])), role, scope, query)
        if role is None:
            return _stranger(house, is_wrong=False)
        if not _is_own_origin(headers, scope):
            return PlainTextResponse("Another site's page may not do this.", 403)
        if self.n_visits >= self.max_visits and _begins_visit(scope):
            return PlainTextResponse("Earmark is full just now: try again in a minute.", 503)
        return None

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_framed(message: Message) -> None:
            if message["type"] == "http.response.start":  # other sites may not show us in a frame
                message["headers"] = [*message.get("headers", []), (b"x-frame-options", b"SAMEORIGIN")]
            await send(message)

        if scope["type"] == "websocket":
            self.n_visits += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self.n_visits -= 1
            return
        upload = UPLOAD.search(scope["path"])
        if scope["method"] != "PUT" or not upload:
            await self.app(scope, receive, send_framed)
            return
        length = Headers(scope=scope).get("content-length", "")
        if not length.isascii() or not length.isdigit():
            await PlainTextResponse("An upload says how long it is.", 411)(scope, receive, send)
            return
        if not self.bounds.enter(upload[1], int(length)):
            await PlainTextResponse("Too many files are in memory: remove some first.", 413)(
                scope, receive, send
            )
            return
        try:
            await self.app(scope, receive, send_framed)
        finally:
            self.bounds.leave(upload[1], int(length))


def _begins_visit(scope: Scope) -> bool:
    """Whether a request is for a page or its connection, and not for a part of what is open already."""
    return scope["type"] == "websocket" or not scope["path"].startswith(PARTS)


def _credentials(scope: Scope, headers: Headers, house: Access) -> Credentials:
    client = scope.get("client") or ("", 0)
    return Credentials(
        headers.get("host", ""),
        client[0],
        _cookie(headers, house.cookie),
        any(name in headers for name in PROXY_HEADERS),
    )


def _cookie(headers: Headers, name: str) -> str:
    try:
        cookies = SimpleCookie("; ".join(headers.getlist("cookie")))
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""


def _token_in(text: str) -> str:
    """Extract the token that somebody typed, also out of a whole address."""
    text = text.strip()[:MAX_TOKEN_CHARS]
    return parse_qs(urlsplit(text).query).get("token", [""])[-1] if "token=" in text else text


def _answer_token(
    house: Access, token_role: Role | None, role: Role | None, scope: Scope, query: str
) -> Response:
    """Keep a good token as a cookie, and open the same page without it: no history and no log shows it."""
    if token_role is None and role is None:
        return _stranger(house, is_wrong=True)
    rest = urlencode([(name, value) for name, value in parse_qsl(query) if name != "token"])
    path = "/" + scope["path"].lstrip("/\\")  # two slashes would lead to another site
    response = RedirectResponse(f"{path}?{rest}" if rest else path, 303, {"Cache-Control": "no-store"})
    if token_role is not None:
        token = house.operator_token if token_role == Role.OPERATOR else house.guest_token
        response.set_cookie(
            house.cookie, token, COOKIE_S, httponly=True, samesite="lax", secure=house.is_https
        )
    return response


def _stranger(house: Access, is_wrong: bool) -> Response:
    if house.is_shared:
        return HTMLResponse(ask_page(is_wrong), 401, {"Cache-Control": "no-store"})
    return HTMLResponse(closed_page(house.link(house.address)), 403, {"Cache-Control": "no-store"})


def _is_own_origin(headers: Headers, scope: Scope) -> bool:
    """Whether a request that may change something comes from our own page. Browsers always say where from."""
    origin = headers.get("origin")
    if origin is None or (scope["type"] == "http" and scope["method"] in ("GET", "HEAD", "OPTIONS")):
        return True
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
