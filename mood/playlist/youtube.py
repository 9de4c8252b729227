"""YouTube's search address, requested over HTTPS, and the songs in its responses.

Every provider of mood/playlist/providers.py sends its search through post_search(), so that time-outs,
sizes, redirects and the sentences about trouble are the same for all. Nothing is sent but the search
itself: no cookies, no account.
"""

import ipaddress
import os
import re
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from urllib.parse import quote, quote_plus

from mood.playlist.query import clean_text

HOST = "www.youtube.com"
HOST_VARIABLE = "EARMARK_YOUTUBE_HOST"
REQUEST_S = 8.0  # seconds for one answer from first to last byte; usually it takes one
MAX_RESPONSE_BYTES = 8 * 2**20  # size of an answer; a page of 20 results is half a megabyte
# The first page of results has one of these, the next pages have the other; a sign-in page has neither.
RESPONSE_KEYS = (b'"twoColumnSearchResultsRenderer"', b'"onResponseReceivedCommands"')
MAX_TITLE_CHARS = 200
MAX_DURATION_S = 48 * 3600  # a longer duration is a mistake
MAX_QUEUE_TRACKS = 50  # tracks that watch_videos takes at most

_ID = re.compile(r"[\w-]{11}", re.ASCII)


class SearchError(Exception):
    """A search that YouTube did not answer; the message is a sentence for people.

    `can_retry` says that another try may help.
    """

    def __init__(self, message: str, can_retry: bool = False):
        super().__init__(message)
        self.can_retry = can_retry


TIMED_OUT = "YouTube takes too long to answer: try again in a moment."
OFFLINE = "YouTube could not be reached: check the internet connection, then try again."
ELSEWHERE = "Something else answered in YouTube's place: this network may want you to sign in first."
UNREADABLE = "YouTube's answer could not be read: open the search in YouTube, or try again later."


@dataclass(frozen=True)
class YoutubeTrack:
    """A video that may be a song. Every field is safe to show and to put into a link or a file."""

    title: str
    url: str
    video_id: str
    channel: str
    duration_s: int | None  # seconds; None where unknown, as for a live broadcast
    thumbnail: str

    @classmethod
    def from_result(
        cls, video_id: object, title: object, channel: object, duration_s: object
    ) -> "YoutubeTrack | None":
        """Make the track of a provider's result; None where it has no valid id or no title.

        Addresses are built from the id alone: none is taken from the answer.
        """
        if not (isinstance(video_id, str) and _ID.fullmatch(video_id)):
            return None
        name = clean_text(title, MAX_TITLE_CHARS) if isinstance(title, str) else ""
        if not name:
            return None
        seconds = duration_s if isinstance(duration_s, int | float) else 0
        return cls(
            title=name,
            url=f"https://www.youtube.com/watch?v={video_id}",
            video_id=video_id,
            channel=clean_text(channel, MAX_TITLE_CHARS) if isinstance(channel, str) else "",
            duration_s=round(seconds) if 0 < seconds <= MAX_DURATION_S else None,
            thumbnail=f"https://i.ytimg.com/vi/{video_id}/mqdefault.jpg",
        )

    def to_json(self) -> dict:
        return asdict(self)


def search_url(query: str) -> str:
    """Return the search as a person would open it."""
    return f"https://www.youtube.com/results?search_query={quote_plus(query, errors='replace')}"


def queue_url(tracks: "tuple[YoutubeTrack, ...] | list[YoutubeTrack]") -> str:
    """Return one address that plays the first 50 tracks one after the other; empty without tracks."""
    ids = ",".join(quote(track.video_id) for track in tracks[:MAX_QUEUE_TRACKS])
    return f"https://www.youtube.com/watch_videos?video_ids={ids}" if ids else ""


def stand_in_address() -> tuple[str, int] | None:
    """Read the (host, port) that EARMARK_YOUTUBE_HOST names in place of YouTube; None when it is unset.

    Raises SearchError unless it is a loopback address: certificates are not checked there.
    """
    setting = os.environ.get(HOST_VARIABLE, "").strip()
    if not setting:
        return None
    host, _, port = setting.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        loopback = host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not (loopback and port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        raise SearchError(
            f"{HOST_VARIABLE} must be a loopback address and a port, such as 127.0.0.1:8443: "
            "correct it, or unset it to search YouTube itself."
        )
    return host, int(port)


def post_search(url: str, body: bytes, headers: Mapping[str, str], deadline: float) -> bytes:
    """POST a search to YouTube, or to its stand-in, whatever host `url` names -> the answer's body.

    `deadline` is a time of time.monotonic(). It bounds everything: the name's look-up, the headers, and a
    slow trickle of bytes, which no time-out of a single wait would end. Raises SearchError for anything but
    a whole answer of status 200 in time. Redirects are not followed: YouTube sends none here, but the
    sign-in pages of hotels and trains do.
    """
    end = min(deadline, time.monotonic() + REQUEST_S)
    request = _Request(url, body, headers, end)
    thread = threading.Thread(target=request.send, name="YouTube", daemon=True)
    thread.start()
    thread.join(max(0.0, end - time.monotonic()))
    if thread.is_alive():
        request.cut_off()
        raise SearchError(TIMED_OUT, can_retry=True)
    if request.error:
        raise request.error
    return request.content


class _Request:
    """One search under way, which a caller that no longer waits can cut off."""

    def __init__(self, url: str, body: bytes, headers: Mapping[str, str], end: float) -> None:
        self.url, self.body, self.headers, self.end = url, body, headers, end
        self.content = b""
        self.error: Exception | None = None
        self._connections: list[socket.socket] = []
        self._is_cut_off = False

    def send(self) -> None:
        """Set `content`, or the `error`."""
        try:
            self.content = self._exchange()
        except Exception as error:
            self.error = error
        finally:
            for connection in self._connections:
                connection.close()

    def cut_off(self) -> None:
        """End the connection, and so the wait for it."""
        self._is_cut_off = True
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _remember_connection(self, event: str, info: dict) -> None:
        if event == "connection.connect_tcp.complete":
            # A duplicate is stored, since TLS takes over the socket itself.
            self._connections.append(info["return_value"].get_extra_info("socket").dup())
            if self._is_cut_off:
                self.cut_off()

    def _exchange(self) -> bytes:
        """Exchange request and answer -> the answer's body. Raises SearchError."""
        import httpx  # imported here, so that --help does not wait for it

        address = stand_in_address()
        host, port = address or (HOST, None)
        request_headers = httpx.Headers(dict(self.headers))
        request_headers["Content-Type"] = "application/json"
        try:
            with (
                httpx.Client(
                    verify=address is None,
                    trust_env=address is None,  # uses the proxy of the environment, if there is one
                    timeout=max(0.1, self.end - time.monotonic()),
                ) as client,
                client.stream(
                    "POST",
                    httpx.URL(self.url).copy_with(scheme="https", host=host, port=port),
                    content=self.body,
                    headers=request_headers,
                    extensions={"trace": self._remember_connection},
                ) as response,
            ):
                _check_status(response.status_code)
                content = bytearray()
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > MAX_RESPONSE_BYTES:
                        raise SearchError(UNREADABLE)
                if not any(key in content for key in RESPONSE_KEYS):
                    raise SearchError(UNREADABLE)
                return bytes(content)
        except httpx.TimeoutException as error:
            raise SearchError(TIMED_OUT, can_retry=True) from error
        except (httpx.ReadError, httpx.RemoteProtocolError, httpx.DecodingError) as error:
            raise SearchError(
                "YouTube's answer was cut off: try again in a moment.", can_retry=True
            ) from error
        except httpx.ConnectError as error:
            if "CERTIFICATE" in str(error).upper():
                raise SearchError(ELSEWHERE) from error
            raise SearchError(OFFLINE) from error
        except (httpx.HTTPError, httpx.InvalidURL, ImportError, ValueError) as error:
            # ImportError and ValueError: a proxy setting of the environment that httpx cannot use.
            raise SearchError(OFFLINE) from error


def _check_status(status: int) -> None:
    if status == 200:
        return
    if status == 429:
        raise SearchError("YouTube asks us to pause: wait some minutes, or open the search in YouTube.")
    if 300 <= status < 400:
        raise SearchError(ELSEWHERE)
    if status >= 500:
        raise SearchError(
            f"YouTube has trouble of its own (error {status}): try again in a minute.", can_retry=True
        )
    raise SearchError(f"YouTube refused the search (error {status}): open it in YouTube instead.")
