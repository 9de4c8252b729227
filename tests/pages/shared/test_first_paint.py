"""The style of a page's outline is in the document: the page does not jump when the rest arrives."""

from pages.shared.browser.first_paint import FirstPaint
from tests.support.asgi import run_coroutine

DOCUMENT = b"<html><head><title>x</title></head><body></body></html>"


def answer(
    path: str, accept: bytes = b"text/html,*/*", kind: bytes = b"text/html; charset=utf-8"
) -> tuple[dict, bytes]:
    """(headers, body) of an app behind the middleware, and the request's headers as the app got them."""
    messages = []

    async def app(scope, receive, send):
        messages.append(dict(scope["headers"]))
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(DOCUMENT)), (b"etag", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": DOCUMENT})

    async def send(message):
        messages.append(message)

    headers = [(b"accept", accept), (b"accept-encoding", b"gzip")]
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
    run_coroutine(FirstPaint(app)(scope, None, send))
    request, start, body = messages
    return {**dict(start["headers"]), b"request": request}, body["body"]


def test_the_document_of_each_page_has_the_style_of_its_outline():
    for path, width in (("/", "736px"), ("/train", "72rem"), ("/generate", "58rem"), ("/mood", "736px")):
        headers, body = answer(path)
        assert f"max-width: {width}".encode() in body.split(b"</head>")[0]
        assert int(headers[b"content-length"]) == len(body)
        assert b"etag" not in headers and b"accept-encoding" not in headers[b"request"]


def test_all_else_passes_as_it_is():
    for options in ({"kind": b"text/javascript"}, {"accept": b"*/*"}):
        headers, body = answer("/static/a.js", **options)
        assert body == DOCUMENT and headers[b"content-length"] == b"%d" % len(DOCUMENT)
    assert b"accept-encoding" in answer("/a.js", accept=b"*/*")[0][b"request"]
