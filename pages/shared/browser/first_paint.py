"""The style of the first paint, in the document itself.

What a page sends with st.html arrives when its title is painted already, and the page would jump.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.shared.style import page_style

_HEAD_END = b"</head>"
_OF_A_VERSION = (b"etag", b"last-modified")  # headers that the style does not change
_UNASKED = (b"accept-encoding", b"if-none-match", b"if-modified-since")  # neither packed nor left out


class FirstPaint:
    """ASGI middleware that puts the style of a page into the document of the app."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _asks_for_document(scope):
            await self.app(scope, receive, send)
            return
        plain = {**scope, "headers": [header for header in scope["headers"] if header[0] not in _UNASKED]}
        style = page_style(scope["path"].strip("/")).encode()
        start: Message | None = None

        async def send_with_style(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_document(message):
                start = message  # until its body is there, whose length it tells
            elif start is None:
                await send(message)
            else:
                body = message.get("body", b"").replace(_HEAD_END, style + _HEAD_END, 1)
                n_added = len(body) - len(message.get("body", b""))
                kept = [header for header in start["headers"] if header[0].lower() not in _OF_A_VERSION]
                await send({**start, "headers": [_lengthened(name, value, n_added) for name, value in kept]})
                await send({**message, "body": body})
                start = None

        await self.app(plain, receive, send_with_style)


def _asks_for_document(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    return b"text/html" in dict(scope["headers"]).get(b"accept", b"")


def _is_document(message: Message) -> bool:
    """Whether it begins a whole document."""
    headers = {name.lower(): value for name, value in message.get("headers", [])}
    return message["status"] == 200 and headers.get(b"content-type", b"").startswith(b"text/html")


def _lengthened(name: bytes, value: bytes, n_added: int) -> tuple[bytes, bytes]:
    """Return a header for a body with so many bytes more."""
    return name, str(int(value) + n_added).encode() if name.lower() == b"content-length" else value
