"""YouTube's search address, asked over HTTPS, and the songs in its answers.

Every provider of mood/providers.py asks through ask(), so that time-outs, sizes, redirects and what
a person is told of trouble are the same for all. Nothing is sent but the search itself: no cookies,
no account.
"""

import ipaddress
import os
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import quote, quote_plus

from mood.query import plain

HOST = "www.youtube.com"
HOST_VARIABLE = "EARMARK_YOUTUBE_HOST"
REQUEST_S = 8.0  # for one answer from first to last byte; usually it takes one second
ANSWER_BYTES = 8 * 2**20  # a page of 20 results is half a megabyte
# A first page of results has the one, the next pages the other; a sign-in page has neither.
ANSWER_KEYS = (b'"twoColumnSearchResultsRenderer"', b'"onResponseReceivedCommands"')
TITLE_CHARACTERS = 200
LONGEST_S = 48 * 3600  # what claims to be longer is a mistake
QUEUE_LENGTH = 50  # the most that watch_videos takes

_ID = re.compile(r"[\w-]{11}", re.ASCII)


class SearchError(Exception):
    """No answer: the message is a sentence for people; `again` says that another try may help."""

    def __init__(self, message: str, again: bool = False):
        super().__init__(message)
        self.again = again


SLOW = "YouTube takes too long to answer: try again in a moment."
OFFLINE = "YouTube could not be reached: check the internet connection, then try again."
ELSEWHERE = "Something else answered in YouTube's place: this network may want you to sign in first."
UNREADABLE = "YouTube's answer could not be read: open the search in YouTube, or try again later."


@dataclass(frozen=True)
class Track:
    """A video that may be a song. Every field is safe to show and to put into a link or a file."""

    title: str
    url: str
    video_id: str
    channel: str
    duration_s: int | None  # None: not told, as for a live broadcast
    thumbnail: str

    @classmethod
    def of(cls, video_id: object, title: object, channel: object, duration_s: object) -> "Track | None":
        """The track of what a provider found; None when it has no proper id or no title.

        Addresses are built from the id alone: none is taken from the answer.
        """
        if not (isinstance(video_id, str) and _ID.fullmatch(video_id)):
            return None
        name = plain(title, TITLE_CHARACTERS) if isinstance(title, str) else ""
        if not name:
            return None
        known = isinstance(duration_s, int | float) and 0 < duration_s <= LONGEST_S
        return cls(
            title=name,
            url=f"https://www.youtube.com/watch?v={video_id}",
            video_id=video_id,
            channel=plain(channel, TITLE_CHARACTERS) if isinstance(channel, str) else "",
            duration_s=round(duration_s) if known else None,
            thumbnail=f"https://i.ytimg.com/vi/{video_id}/mqdefault.jpg",
        )

    def to_json(self) -> dict:
        return asdict(self)


def search_url(query: str) -> str:
    """The search as a person would open it."""
    return f"https://www.youtube.com/results?search_query={quote_plus(query, errors='replace')}"


def queue_url(tracks: "tuple[Track, ...] | list[Track]") -> str:
    """One address that plays the first 50 tracks one after the other; empty without tracks."""
    ids = ",".join(quote(track.video_id) for track in tracks[:QUEUE_LENGTH])
    return f"https://www.youtube.com/watch_videos?video_ids={ids}" if ids else ""


def stand_in() -> tuple[str, int] | None:
    """The (host, port) that EARMARK_YOUTUBE_HOST names in place of YouTube; None when it is unset.

    Raises SearchError unless it is a loopback address: certificates are not checked there.
    """
    named = os.environ.get(HOST_VARIABLE, "").strip()
    if not named:
        return None
    host, _, port = named.rpartition(":")
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


def ask(url: str, body: bytes, headers: Mapping[str, str], deadline: float) -> bytes:
    """POST a search to YouTube, or to its stand-in, whatever host `url` names -> the answer's body.

    `deadline` is a time of time.monotonic(). Raises SearchError for anything but a whole answer of
    status 200 in time. Redirects are not followed: YouTube has none here, the sign-in pages of
    hotels and trains have.
    """
    import httpx  # loaded when something is searched: the command line answers --help without it

    address = stand_in()
    host, port = address or (HOST, None)
    sent = httpx.Headers(dict(headers))
    sent["Content-Type"] = "application/json"
    until = min(deadline, time.monotonic() + REQUEST_S)
    try:
        with (
            httpx.Client(
                verify=address is None,
                trust_env=address is None,  # the proxy of the environment, if there is one
                timeout=max(0.1, until - time.monotonic()),
            ) as client,
            client.stream(
                "POST",
                httpx.URL(url).copy_with(scheme="https", host=host, port=port),
                content=body,
                headers=sent,
            ) as response,
        ):
            _check_status(response.status_code)
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > ANSWER_BYTES:
                    raise SearchError(UNREADABLE)
                if time.monotonic() > until:  # bytes that drip in never run into a time-out
                    raise SearchError(SLOW, again=True)
            if not any(key in content for key in ANSWER_KEYS):
                raise SearchError(UNREADABLE)
            return bytes(content)
    except httpx.TimeoutException as error:
        raise SearchError(SLOW, again=True) from error
    except (httpx.ReadError, httpx.RemoteProtocolError, httpx.DecodingError) as error:
        raise SearchError("YouTube's answer was cut off: try again in a moment.", again=True) from error
    except httpx.ConnectError as error:
        if "CERTIFICATE" in str(error).upper():
            raise SearchError(ELSEWHERE) from error
        raise SearchError(OFFLINE) from error
    except (httpx.HTTPError, httpx.InvalidURL, ImportError, ValueError) as error:
        # The last two: a proxy setting of the environment that httpx cannot use.
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
            f"YouTube has trouble of its own (error {status}): try again in a minute.", again=True
        )
    raise SearchError(f"YouTube refused the search (error {status}): open it in YouTube instead.")
